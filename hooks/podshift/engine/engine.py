"""The engine's verbs, as far as podshift needs them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from podshift.engine import session
from podshift.engine.build import end_strays, run_build
from podshift.engine.command import EngineError, Line, run, start, terminate
from podshift.engine.environment import passed
from podshift.engine.request import BuildRequest
from podshift.engine.terminal import attached
from podshift.settings import Settings

LISTING_TRIES = 5
STOPPING_TRIES = 5
# podman's words when a container ended by itself, or was started again by its policy, while it was being stopped.
CHANGED_MEANWHILE = re.compile(r"could not be stopped|container state improper")
OWN_SECONDS = -1.0


@dataclass(frozen=True, slots=True)
class Container:
    """A container of podshift's, as the engine lists it. `pid` is 0 when it does not run."""

    name: str
    labels: Mapping[str, str]
    state: str
    pid: int

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def app(self) -> str:
        return self.labels.get("podshift.app", "")

    @property
    def process(self) -> str:
        return self.labels.get("podshift.process", "")

    @property
    def release(self) -> int:
        return int(self.labels.get("podshift.release", 0))

    @property
    def index(self) -> int:
        return int(self.name.rsplit("-", 1)[-1])

    @property
    def address(self) -> str:
        return self.labels.get("podshift.address", "")


@dataclass(frozen=True, slots=True)
class Image:
    """An image by one of its tags; one that is `dangling` has none, and no image is made on top of it."""

    id: str
    tag: str

    @property
    def dangling(self) -> bool:
        return self.tag == "<none>:<none>"

    @property
    def name(self) -> str:
        """What to remove it by; an image with several tags loses this one only."""
        return self.id if self.dangling else self.tag


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image says of itself."""

    ports: tuple[int, ...]


class Engine:
    """podman or docker, with the options that `podshift init` found to work here."""

    def __init__(self, settings: Settings) -> None:
        self.program = settings.engine
        self.options = list(settings.engine_options)
        self.run_options = list(settings.run_options)
        self.seconds = float(settings.engine_seconds)
        self.build_seconds = float(settings.build_seconds)
        session.enter(settings.runtime_folder)

    def call(
        self, *arguments: str, timeout: float | None = OWN_SECONDS, env: Mapping[str, str] | None = None,
        on_line: Line | None = None, stdin: Any = None,
    ) -> str:  # fmt: skip
        """Run a command, for `engine_seconds` unless said otherwise; None: without an end."""
        seconds = self.seconds if timeout == OWN_SECONDS else timeout
        return run(self.program, [*self.options, *arguments], timeout=seconds, env=env, on_line=on_line, stdin=stdin)

    def info(self) -> dict[str, Any]:
        """What the engine says of itself, in its own words: podman's and docker's differ."""
        found: dict[str, Any] = json.loads(self.call("info", "--format={{json .}}"))
        return found

    def storage_folder(self) -> str:
        """Where it keeps images, containers and volumes."""
        field = "{{.Store.GraphRoot}}" if self.program == "podman" else "{{.DockerRootDir}}"
        return self.call("info", f"--format={field}").strip()

    # containers

    def containers(self, **labels: str) -> list[Container]:
        """Containers with all these labels, running or not; the names are without their `podshift.` prefix."""
        filters = [f"--filter=label=podshift.{key}={value}" for key, value in labels.items()]
        rows = json.loads(self.call("ps", "--all", "--format=json", *filters) or "[]")
        return [Container(row["Names"][0], row.get("Labels") or {}, row["State"], row.get("Pid", 0)) for row in rows]

    def run(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start a container from render.container_arguments()."""
        with passed(arguments, env or {}) as (words, rest):
            self.call("run", *self.run_options, *words, env=rest)

    def run_once(self, arguments: Sequence[str], env: Mapping[str, str], on_line: Line) -> None:
        """Run a container to its end, its output line by line. Raises EngineError when it fails."""
        with passed(arguments, env) as (words, rest):
            self.call("run", *self.run_options, *words, env=rest, on_line=on_line, timeout=self.build_seconds)

    def interactive(self, verb: str, arguments: Sequence[str], env: Mapping[str, str]) -> int:
        """`run` or `exec` with this process's own terminal; the command's exit status."""
        options = self.run_options if verb == "run" else []
        with passed(arguments, env) as (words, rest):
            return attached(self.program, [*self.options, verb, *options, *words], rest)

    def start(self, names: Sequence[str]) -> None:
        if names:
            self.call("start", *names)

    def stop(self, names: Sequence[str], seconds: float) -> None:
        """SIGTERM, and SIGKILL after `seconds`; the containers stay."""
        if names:
            self._end_containers("stop", f"--time={round(seconds)}", *names, seconds=seconds)

    def remove(self, names: Sequence[str], seconds: float = 0) -> None:
        """SIGTERM, SIGKILL after `seconds`, and gone. Containers that are gone already are no error."""
        if names:
            volumes = "--volumes"  # those without a name; data volumes have one
            self._end_containers(
                "rm", "--force", "--ignore", volumes, f"--time={round(seconds)}", *names, seconds=seconds
            )

    def _end_containers(self, *arguments: str, seconds: float) -> None:
        """Once more for a container that changed its state meanwhile (measured: 8 of 100 that crash as they start)."""
        for _ in range(STOPPING_TRIES - 1):
            try:
                self.call(*arguments, timeout=self.seconds + seconds)
            except EngineError as error:
                if not CHANGED_MEANWHILE.search(error.output):
                    raise
            else:
                return
        self.call(*arguments, timeout=self.seconds + seconds)

    def exists(self, kind: str, name: str) -> bool:
        """Is there a `container`, `network` or `image` of this name?"""
        try:
            self.call(kind, "exists", name)
        except EngineError:
            return False
        return True

    def logs(self, name: str, lines: int) -> list[str]:
        """The last lines of both streams, in order."""
        collected: list[str] = []
        self.call("logs", f"--tail={lines}", name, on_line=collected.append)
        return collected[-lines:]

    def timed_logs(self, name: str, lines: int) -> list[str]:
        """The last lines of both streams, each after its time and a space."""
        collected: list[str] = []
        self.call("logs", "--timestamps", f"--tail={lines}", name, on_line=collected.append)
        return collected

    def follow_logs(self, name: str, lines: int, on_line: Line) -> Callable[[], None]:
        """Pass on the last lines, and all that come until the container is gone; what is given back ends it."""
        command = [*self.options, "logs", "--follow", f"--tail={lines}", name]
        process = start(self.program, command, out=lambda line: on_line(line.rstrip("\r\n")), err=None)
        return partial(terminate, process)

    # images

    def build(self, request: BuildRequest, on_line: Line) -> None:
        """Build an image, every line of the engine's output going to `on_line`. Raises EngineError."""
        command = [*self.options, "build", *request.arguments()]
        seconds = self.build_seconds if request.seconds is None else min(request.seconds, self.build_seconds)
        run_build(self.program, command, folder=request.context, timeout=seconds, on_line=on_line)

    def end_strays(self, **labels: str) -> None:
        """End the builds and runs with these labels that a killed deployer left behind."""
        end_strays({f"podshift.{key}": value for key, value in labels.items()})

    def image_facts(self, image: str) -> ImageFacts:
        (facts,) = json.loads(self.call("image", "inspect", image))
        exposed = (facts.get("Config") or {}).get("ExposedPorts") or {}
        found = (re.fullmatch(r"(\d+)(/tcp)?", port) for port in exposed)
        return ImageFacts(tuple(sorted(int(match[1]) for match in found if match)))

    def images(self, **labels: str) -> list[Image]:
        """Images with all these labels, once for each tag; the names are without their `podshift.` prefix."""
        filters = [f"--filter=label=podshift.{key}={value}" for key, value in labels.items()]
        output = self._listed_images("--no-trunc", "--format={{.ID}} {{.Repository}}:{{.Tag}}", *filters)
        rows = (line.partition(" ") for line in output.splitlines())
        return [Image(image.removeprefix("sha256:"), tag) for image, _, tag in rows]

    def image_tags(self, repository: str) -> list[str]:
        """Every `repository:tag` here."""
        output = self._listed_images("--format={{.Repository}}:{{.Tag}}", f"--filter=reference={repository}")
        return sorted({line for line in output.splitlines() if line.startswith(f"{repository}:")})

    def _listed_images(self, *arguments: str) -> str:
        """podman gives up when an image that it is about to look at is removed by somebody else just then."""
        for _ in range(LISTING_TRIES - 1):
            with suppress(EngineError):
                return self.call("images", *arguments)
        return self.call("images", *arguments)

    def remove_images(self, tags: Iterable[str]) -> None:
        """Take these tags away. One that a container still needs stays: --force would remove the container."""
        names = list(tags)
        if names:
            with suppress(EngineError):
                self.call("rmi", *names)

    # volumes

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        self.call("volume", "create", *(f"--label={key}={value}" for key, value in labels.items()), name)

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """The labels of a volume; None when there is no such volume."""
        try:
            (facts,) = json.loads(self.call("volume", "inspect", name))
        except EngineError:
            return None
        return facts.get("Labels") or {}

    def volumes(self, **labels: str) -> list[str]:
        """Volumes with all these labels; the names are without their `podshift.` prefix.

        The engine's filter finds candidates only: what is told here may be removed, with all data.
        """
        wanted = {f"podshift.{key}": value for key, value in labels.items()}
        filters = [f"--filter=label={key}={value}" for key, value in wanted.items()]
        names = sorted(self.call("volume", "ls", "--format={{.Name}}", *filters).split())
        return [name for name in names if wanted.items() <= (self.volume_labels(name) or {}).items()]

    def remove_volumes(self, names: Sequence[str]) -> None:
        if names:
            self.call("volume", "rm", *names)

    # networks

    def create_network(self, name: str, labels: Mapping[str, str], *, subnet: str | None = None) -> str:
        """Create a network, with this IPv4 subnet or one of the engine's choice, and give the subnet back."""
        options = [f"--label={key}={value}" for key, value in labels.items()]
        self.call("network", "create", *options, *([f"--subnet={subnet}"] if subnet else []), name)
        (facts,) = json.loads(self.call("network", "inspect", name))
        return str(facts["subnets"][0]["subnet"])

    def network_label(self, name: str, key: str) -> str | None:
        """A label of a network; None when there is no such network."""
        try:
            (facts,) = json.loads(self.call("network", "inspect", name))
        except EngineError:
            return None
        return str((facts.get("labels") or {}).get(key, ""))

    def networks(self, **labels: str) -> list[str]:
        filters = [f"--filter=label=podshift.{key}={value}" for key, value in labels.items()]
        return self.call("network", "ls", "--format={{.Name}}", *filters).split()

    def remove_network(self, name: str) -> None:
        self.call("network", "rm", name)

    def connect(self, network: str, container: str) -> None:
        self.call("network", "connect", network, container)

    def disconnect_quietly(self, network: str, container: str) -> None:
        """Take a container off a network; it may be off it, or gone, already."""
        with suppress(EngineError):
            self.call("network", "disconnect", "--force", network, container)
