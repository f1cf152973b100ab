"""An engine whose containers are plain processes of the hello app: real ones to check, serve, die and be waited for.

For what a rotation does when a part fails, which a real engine cannot be made to do at will.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from podshift.engine import Container, Ending, Engine
from podshift.model import Order, Process, Readiness
from podshift.records import Placed
from podshift.rotate import New
from podshift.settings import Settings
from server.checkout import HELLO
from server.installation import free_port


def new_container(
    name: str, behaviour: str = "loopback-only", *, process: str = "web", order: Order = Order.START_FIRST,
    timeout: float = 20.0, watch: float = 0.0, drain: float = 10.0,
) -> New:  # fmt: skip
    """A container that a rotation may start; its `run` arguments are its name, port and behaviour."""
    port = free_port(2 if behaviour == "wrong-port" else 1)
    place = Placed(name, process, "127.0.0.1", port, "/healthz", hold=15)
    kind = Process(
        process, order=order, ready=Readiness("/healthz", timeout=timeout), watch=watch, drain=drain, stop=5.0
    )
    return New(place, kind, (name, str(place.port), behaviour))


class ProcessEngine(Engine):
    """Podman's verbs over processes.

    `failing` maps a verb to what it raises, the next time only; the `silent` have printed nothing.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(Settings(engine="no-engine"))
        self.folder = folder
        self.arguments: dict[str, Sequence[str]] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.failing: dict[str, BaseException] = {}
        self.silent: set[str] = set()

    def run(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._fail("run")
        self.arguments[arguments[0]] = arguments
        self._spawn(arguments[0])

    def start(self, names: Sequence[str]) -> None:
        self._fail("start")
        for name in names:
            if not self.container(name).running:
                self._spawn(name)

    def stop(self, names: Sequence[str], seconds: float) -> None:
        self._fail("stop")
        for name in names:
            self.end(name)

    def remove(self, names: Sequence[str], seconds: float = 0) -> None:
        self._fail("remove")
        for name in names:
            self.end(name)
            self.arguments.pop(name, None)

    def containers(self, **labels: str) -> list[Container]:
        return [self.container(name) for name in self.arguments]

    def container(self, name: str) -> Container:
        process = self.processes.get(name)
        running = process is not None and process.poll() is None
        return Container(
            name,
            {"podshift.process": name.split("-")[0]},
            "running" if running else "exited",
            process.pid if process and running else 0,
        )

    def ending(self, name: str) -> Ending | None:
        process = self.processes.get(name)
        status = process.poll() if process else None
        return None if status is None else Ending(status if status >= 0 else 128 - status)

    def logs(self, name: str, lines: int) -> list[str]:
        if name in self.silent:
            return []
        return (self.folder / name / "output").read_text().splitlines()[-lines:]

    def end(self, name: str, number: int = signal.SIGKILL) -> None:
        if process := self.processes.pop(name, None):
            process.send_signal(number)
            process.wait()

    def _fail(self, verb: str) -> None:
        if error := self.failing.pop(verb, None):
            raise error

    def _spawn(self, name: str) -> None:
        _, port, behaviour = self.arguments[name]
        app = self.folder / name
        app.mkdir(exist_ok=True)
        shutil.copy(HELLO / "app.py", app)
        (app / "version.txt").write_text(name)
        with (app / "output").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-I", "-S", "app.py"], cwd=app, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, "PORT": port, "BEHAVIOUR": behaviour},
            )  # fmt: skip
