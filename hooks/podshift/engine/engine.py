"""The engine's verbs, as far as podshift needs them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podshift.engine import session
from podshift.engine.command import EngineError, Line, run
from podshift.engine.environment import passed
from podshift.engine.terminal import attached
from podshift.settings import Settings

# Long enough for a busy machine, short enough that a hung engine does not hold an app's lock for ever.
COMMAND_SECONDS = 120.0
BUILD_SECONDS = 3600.0


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
class ImageFacts:
    """What an image says of itself."""

    ports: tuple[int, ...]


class Engine:
    """podman or docker, with the options that `podshift init` found to work here."""

    def __init__(self, settings: Settings) -> None:
        self.program = settings.engine
        self.options = list(settings.engine_options)
        self.run_options = list(settings.run_options)
        session.enter(settings.runtime_folder)

    def call(
        self, *arguments: str, timeout: float | None = COMMAND_SECONDS, env: Mapping[str, str] | None = None,
        on_line: Line | None = None, stdin: Any = None,
    ) -> str:  # fmt: skip
        return run(self.program, [*self.options, *arguments], timeout=timeout, env=env, on_line=on_line, stdin=stdin)

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
            self.call("run", *self.run_options, *words, env=rest, on_line=on_line, timeout=BUILD_SECONDS)

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
            self.call("stop", f"--time={round(seconds)}", *names, timeout=COMMAND_SECONDS + seconds)

    def remove(self, names: Sequence[str], seconds: float = 0) -> None:
        """SIGTERM, SIGKILL after `seconds`, and gone. Containers that are gone already are no error."""
        if names:
            self.call(
                "rm",
                "--force",
                "--ignore",
                f"--time={round(seconds)}",
                *names,
                timeout=COMMAND_SECONDS + seconds,
            )

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

    def follow_logs(self, name: str, lines: int, on_line: Line) -> None:
        """The last lines and all that come, until the container is gone."""
        self.call("logs", "--follow", f"--tail={lines}", name, on_line=on_line, timeout=None)

    # images

    def build(
        self, *, image: str, context: Path, containerfile: Path, target: str | None, args: Mapping[str, str],
        labels: Mapping[str, str], on_line: Line,
    ) -> None:  # fmt: skip
        """Build `image`; every value is glued to its option, so that none can become one. Raises EngineError."""
        arguments = [f"--tag={image}", f"--file={containerfile}"]
        arguments += [f"--target={target}"] if target else []
        arguments += [f"--build-arg={key}={value}" for key, value in args.items()]
        arguments += [f"--label={key}={value}" for key, value in labels.items()]
        self.call("build", *arguments, "--", str(context), timeout=BUILD_SECONDS, on_line=on_line)

    def image_facts(self, image: str) -> ImageFacts:
        (facts,) = json.loads(self.call("image", "inspect", image))
        exposed = (facts.get("Config") or {}).get("ExposedPorts") or {}
        found = (re.fullmatch(r"(\d+)(/tcp)?", port) for port in exposed)
        return ImageFacts(tuple(sorted(int(match[1]) for match in found if match)))

    def image_tags(self, repository: str) -> list[str]:
        """Every `repository:tag` here."""
        output = self.call("images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={repository}")
        return sorted({line for line in output.splitlines() if line.startswith(f"{repository}:")})

    def remove_images(self, tags: Iterable[str]) -> None:
        """Take these tags away. One that a container still needs stays: --force would remove the container."""
        names = list(tags)
        if names:
            with suppress(EngineError):
                self.call("rmi", *names)

    # networks

    def create_network(self, name: str, labels: Mapping[str, str]) -> str:
        """Create a network and give back its IPv4 subnet, such as 10.89.3.0/24."""
        self.call("network", "create", *(f"--label={key}={value}" for key, value in labels.items()), name)
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
