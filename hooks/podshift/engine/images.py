"""Images: built, looked at, listed, taken away."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from podshift.engine.build import end_strays, run_build
from podshift.engine.caller import Caller, label_filters
from podshift.engine.command import EngineError, Line, TimedOut
from podshift.engine.memory import forget_stale_secrets
from podshift.engine.objects import Image, ImageFacts, ImageOrigin
from podshift.engine.request import BuildRequest
from podshift.engine.secrets import secret_files

LOOKING_TRIES = 5
# What a build prints of a step, or of a compiler in it, that the kernel ended for want of memory.
KILLED = re.compile(r"exit status 137|exit code:? 137|^Killed\b|signal: killed|Killed signal", re.MULTILINE)

# What of podman's own choice no installation of packages was seen to need (apt, pip and npm were tried).
UNNEEDED = ("--cap-drop=CAP_SETPCAP", "--cap-drop=CAP_SYS_CHROOT")
# A rootless engine that may make no cgroups.
NO_LIMITS = re.compile(r"cannot set memory limit|could not join or create cgroup")


def out_of_memory(error: EngineError, limit: str) -> EngineError | None:
    """What a failed build's output says of its limit of memory; None: nothing."""
    if limit and KILLED.search(error.output):
        what = f"the build was killed, most likely because it needed more memory than {limit}"
        return EngineError(
            what, error.output, hint="let it need less, or raise build_memory in the server's settings.toml"
        )
    if limit and NO_LIMITS.search(error.output):
        what = "the engine cannot limit a build's memory here"
        return EngineError(
            what, error.output, hint='on the server: build_memory = "" in settings.toml; podshift doctor'
        )
    return None


def image_origin(facts: Mapping[str, Any]) -> ImageOrigin:
    config = facts.get("Config") or {}
    return ImageOrigin(config.get("Labels") or {}, tuple(config.get("OnBuild") or ()), has_healthcheck(facts))


def has_healthcheck(facts: Mapping[str, Any]) -> bool:
    """Docker has it in the image's configuration, podman beside it."""
    check = (facts.get("Config") or {}).get("Healthcheck") or facts.get("Healthcheck") or {}
    return (check.get("Test") or ["NONE"]) != ["NONE"]


class Images(Caller):
    """The engine's verbs for images and builds."""

    def build(self, request: BuildRequest, on_line: Line) -> None:
        """Build an image, every line of the engine's output going to `on_line`. Raises EngineError, TimedOut."""
        try:
            with secret_files(request.secrets) as secrets:
                self.run_build(request, [*self.options, "build", *request.arguments(secrets=secrets)], on_line)
        except EngineError as error:
            raise out_of_memory(error, request.memory) or error from None

    def run_build(self, request: BuildRequest, command: list[str], on_line: Line) -> None:
        """The engine's own way to do it."""
        network = [f"--network={request.network}"] if request.network else []
        network += ["--format=docker"] if request.healthcheck else []
        at = command.index("build") + 1
        run_build(
            self.program, [*command[:at], *network, *UNNEEDED, *command[at:]], folder=request.context,
            timeout=self.build_time(request), on_line=on_line, shown=request.shown,
            env={"TMPDIR": str(request.temporary)} if request.temporary else None,
        )  # fmt: skip

    def build_time(self, request: BuildRequest) -> float:
        """Seconds that a build may take."""
        return self.build_seconds if request.seconds is None else min(request.seconds, self.build_seconds)

    def end_strays(self, **labels: str) -> None:
        """End the builds and runs with these labels that a killed deployer left behind."""
        end_strays({f"podshift.{key}": value for key, value in labels.items()})
        forget_stale_secrets()

    def image_facts(self, image: str) -> ImageFacts:
        (facts,) = json.loads(self._looked_at("image", "inspect", image))
        config = facts.get("Config") or {}
        found = (re.fullmatch(r"(\d+)(/tcp)?", port) for port in config.get("ExposedPorts") or {})
        return ImageFacts(tuple(sorted(int(match[1]) for match in found if match)), has_healthcheck(facts))

    def image_origins(self, names: Sequence[str]) -> list[ImageOrigin]:
        """Of each of these images. Raises EngineError when one is not here."""
        if not names:
            return []
        return [image_origin(facts) for facts in json.loads(self._looked_at("image", "inspect", *names))]

    def pull(self, name: str, on_line: Line) -> None:
        """Get an image from its registry. Raises EngineError."""
        try:
            self.call("pull", name, on_line=on_line, timeout=self.build_seconds)
        except TimedOut:
            raise
        except EngineError as error:  # docker's words do not always say which image it was
            what = error.message if error.hint else f"the image {name} could not be pulled"
            raise EngineError(what, error.output, hint=error.hint) from None

    def images(self, **labels: str) -> list[Image]:
        """Images with all these labels, once for each tag; the names are without their `podshift.` prefix."""
        filters = label_filters(labels)
        output = self._looked_at("images", "--no-trunc", "--format={{.ID}} {{.Repository}}:{{.Tag}}", *filters)
        rows = (line.partition(" ") for line in output.splitlines())
        return [Image(image.removeprefix("sha256:"), tag) for image, _, tag in rows]

    def image_tags(self, repository: str) -> list[str]:
        """Every `repository:tag` here."""
        output = self._looked_at("images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={repository}")
        return sorted({line for line in output.splitlines() if line.startswith(f"{repository}:")})

    def untagged(self, ids: Sequence[str], **labels: str) -> list[str]:
        """Which of these images are here, have all these labels, and no tag. No other image is looked at."""
        if not ids:
            return []
        try:
            printed = self.call("image", "inspect", *ids)
        except EngineError as error:  # some are not here any more
            printed = error.printed
        wanted = {f"podshift.{key}": value for key, value in labels.items()}.items()
        found = [one for one in json.loads(printed or "[]") if not one.get("RepoTags")]
        return [one["Id"].removeprefix("sha256:") for one in found if wanted <= image_origin(one).labels.items()]

    def _looked_at(self, *arguments: str) -> str:
        """podman gives up when an image that it comes by on the way is removed by somebody else just then."""
        for _ in range(LOOKING_TRIES - 1):
            with suppress(EngineError):
                return self.call(*arguments)
        return self.call(*arguments)

    def remove_images(self, tags: Iterable[str]) -> None:
        """Take these tags away. One that a container still needs stays: --force would remove the container."""
        names = list(tags)
        if names:
            with suppress(EngineError):
                self.call("rmi", *names)
