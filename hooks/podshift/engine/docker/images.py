"""Docker's builds: by BuildKit, whose stages leave no images behind; by the older builder where there is none."""

import re
from dataclasses import replace

from podshift.engine.build import end_strays, run_build
from podshift.engine.command import EngineError, Line, TimedOut, terminate
from podshift.engine.docker.daemon import explained
from podshift.engine.images import Images
from podshift.engine.memory import forget_stale_secrets
from podshift.engine.request import BuildRequest

NOISE = re.compile(r"#\d+ sha256:[0-9a-f]{64}")
# What the Dockerfile reference calls an optional name space of cache ids; and the labels that tell whose a build is.
CACHES_OF, OWNER = "BUILDKIT_CACHE_MOUNT_NS", ("podshift.home", "podshift.app")
# From this version on `docker build` is BuildKit where its plugin is installed; before it has to be asked for.
BUILDKIT_BY_ITSELF = 23


class DockerImages(Images):
    """Docker's own ways with images. A client that goes away ends its build, which is the daemon's."""

    def build(self, request: BuildRequest, on_line: Line) -> None:
        # BuildKit has no limit of memory, and finds an ignore file by its name, beside the Containerfile. Its caches
        # are the daemon's; those of one app have names of their own.
        owner = ":".join(request.labels[name] for name in OWNER if name in request.labels)
        args = {**request.args, CACHES_OF: owner} if owner else request.args
        super().build(replace(request, args=args, memory="", ignore_file=None), on_line)

    def run_build(self, request: BuildRequest, command: list[str], on_line: Line) -> None:
        def pass_on(line: str) -> None:
            if not NOISE.fullmatch(line):
                on_line(line)

        env = {"DOCKER_BUILDKIT": "1"} if self._version() < BUILDKIT_BY_ITSELF else {}
        try:
            run_build(
                self.program, command, folder=request.context, timeout=self.build_time(request), on_line=pass_on,
                env=env, end=terminate, shown=request.shown,
            )  # fmt: skip
        except TimedOut:
            raise
        except EngineError as error:
            raise explained(error) from None

    def _version(self) -> int:
        """The command line's own; the daemon is not asked."""
        found = re.search(r"version (\d+)\.", self.call("--version"))
        return int(found[1]) if found else BUILDKIT_BY_ITSELF

    def end_strays(self, **labels: str) -> None:
        end_strays({f"podshift.{key}": value for key, value in labels.items()}, from_inside=False)
        forget_stale_secrets()
