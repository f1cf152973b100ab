"""A throw-away installation of podshift, asked the way a person asks: through its commands and its proxy."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

S = TypeVar("S", bound="Server")
# What this run's installations work with: podman as root, docker as root, or `rootless`, an ordinary user's podman.
ENGINE = os.environ.get("PODSHIFT_TEST_ENGINE", "podman")
PROGRAM = "docker" if ENGINE == "docker" else "podman"
PODSHIFT = Path(sys.executable).with_name("podshift")


@dataclass(frozen=True)
class Server:
    """An installation in `home`, whose proxy listens on a loopback `port`."""

    home: Path
    port: int

    def remote(self, made: dict[str, str]) -> str:
        """Where to push an app, from what `podshift create --json` said."""
        return made["repository"]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PODSHIFT_HOME": str(self.home)}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def podshift(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command; a failure that was not expected shows what it said."""
        done = subprocess.run(
            [PODSHIFT, *arguments], env=self.environment, capture_output=True, text=True, timeout=180, **options
        )
        if check:
            assert done.returncode == 0, f"podshift {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.podshift(*arguments, "--json").stdout)

    def engine(self, *arguments: str) -> str:
        """Ask the engine itself, with the options that init found."""
        command = [self.settings["engine"], *self.settings["engine_options"], *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    def images(self, repository: str) -> list[str]:
        """Every tag of this name. podman gives up when others, another test run perhaps, remove an image just then."""
        command = ("images", f"--filter=reference={repository}", "--format={{.Repository}}:{{.Tag}}")
        for _ in range(19):
            with suppress(subprocess.CalledProcessError):
                return self.engine(*command).split()
        return self.engine(*command).split()

    @property
    def settings(self) -> dict[str, Any]:
        """What init wrote down."""
        return tomllib.loads((self.home / "settings.toml").read_text())

    @property
    def run_options(self) -> list[str]:
        return list(self.settings["run_options"])

    def get(self, host: str, path: str = "/", *, timeout: float = 10, method: str = "GET") -> tuple[int, str]:
        """Status and body of one request through the proxy."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers={"Host": host, "Connection": "close"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


@dataclass(frozen=True)
class App:
    """An app on a server, by a name that no other test uses."""

    server: Server
    name: str
    repository: Path
    remote: str

    @property
    def host(self) -> str:
        return f"{self.name}.localhost"

    def get(self, path: str = "/") -> tuple[int, str]:
        return self.server.get(self.host, path)

    def post(self, path: str = "/") -> tuple[int, str]:
        return self.server.get(self.host, path, method="POST")

    def status(self) -> Any:
        return self.server.json("status", self.name)

    def releases(self) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.server.json("releases", self.name)
        return found

    def states(self) -> list[str]:
        """Oldest first."""
        return [release["state"] for release in reversed(self.releases())]

    def containers(self) -> list[str]:
        """Every container of the app that the engine knows, running or not."""
        output = self.server.engine("ps", "--all", f"--filter=label=podshift.app={self.name}", "--format={{.Names}}")
        return sorted(output.split())


@contextmanager
def installed(home: Path, *options: str) -> Iterator[Server]:
    """An installation of whoever runs the tests."""
    with ready(Server(home, free_port()), *options) as server:
        yield server


@contextmanager
def ready(server: S, *options: str) -> Iterator[S]:
    """podshift init, and podshift uninstall whatever happens in between."""
    try:
        server.podshift("init", "--listen", f"127.0.0.1:{server.port}", "--engine", PROGRAM, *options)
        yield server
    finally:
        done = server.podshift("uninstall", "--volumes", "--yes", check=False)
        assert done.returncode == 0 or "no installation" in done.stderr, done.stdout + done.stderr


@contextmanager
def created(server: Server, *options: str, name: str = "") -> Iterator[App]:
    """podshift create, and podshift destroy whatever happens in between."""
    name = name or f"app-{secrets.token_hex(3)}"
    made = server.json("create", name, *options)
    try:
        yield App(server, name, Path(made["repository"]), server.remote(made))
    except BaseException:
        # A deploy that a failed test left under way would have destroy wait for it.
        server.podshift("cancel", name, check=False)
        raise
    finally:
        server.podshift("destroy", name, "--volumes", "--yes", check=False)


def free_port(count: int = 1) -> int:
    """The first of so many free ports in a row."""
    while True:
        with ExitStack() as probes, suppress(OSError, OverflowError):
            first = 0
            for number in range(count):
                probe = probes.enter_context(socket.socket())
                probe.bind(("127.0.0.1", first + number))
                first = first or int(probe.getsockname()[1])
            return first


def wait_until(true: Callable[[], object], *, seconds: float = 30, what: str = "") -> None:
    """Wait for something that comes by itself; AssertionError when it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or true}"
        time.sleep(0.02)
