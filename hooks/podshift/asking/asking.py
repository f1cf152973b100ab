"""One container is asked, again and again, from inside its own network (see probe.py)."""

import json
import os
import sys

from podshift.engine import Engine
from podshift.records import Placed

READ = 65536


class Asking:
    """A probe that runs until end(), or until this process ends: its standard input is a pipe from here.

    `content` is a text that a good answer has in it. With an `alias`, its `nameserver` is asked where it leads to.
    """

    def __init__(
        self, engine: Engine, pid: int, place: Placed, *, host: str = "localhost", content: str = "", alias: str = "",
        nameserver: str = "",
    ) -> None:  # fmt: skip
        words = [str(place.port), place.ready_path, host, content, alias, nameserver]
        command = [sys.executable, "-I", "-m", "podshift.asking.probe", *words]
        self.process = engine.start_inside(place.name, pid, command)
        assert self.process.stdout is not None  # noqa: S101 - it was asked for
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)
        self.rest = b""
        self.check, self.code, self.failures = "", None, 0
        self.addresses: list[str] = []

    def look(self) -> tuple[str, int | None, int]:
        """HAProxy's word for the last check, the status that came, and how often in a row it has been none."""
        self._read()
        return self.check, self.code, self.failures

    def named(self) -> list[str]:
        """The addresses that the alias leads to."""
        self._read()
        return self.addresses

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _read(self) -> None:
        try:
            data = os.read(self.output, READ)
        except BlockingIOError:
            return
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            seen = json.loads(line)
            self.check, self.code, self.failures = seen["check"], seen["code"], seen["failures"]
            self.addresses = seen["named"]
