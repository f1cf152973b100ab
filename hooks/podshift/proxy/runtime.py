"""What a running proxy is told, and asked, through its runtime socket."""

import csv
import io
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from podshift.errors import PodshiftError
from podshift.proxy.files import INSIDE, SERVER_OPTIONS
from podshift.records import Placed

# One line of the runtime socket is a list of words; nothing else may get into it.
WORD = re.compile(r"[A-Za-z0-9*/_.~?=&%+:@-]+")
BACKENDS_AND_SERVERS = 6
ANSWER_SECONDS = 10.0
# Columns of `show stat` that together count every answer of a server, and every one that it failed to give.
ANSWERS = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other", "eresp")


class ServerState(NamedTuple):
    """An upstream as the proxy sees it. `check` is HAProxy's word (L7OK, L4CON, …), `code` the HTTP status.

    `in_flight` counts requests; `answered` and `failed` (5xx, or no answer) count since it was added.
    """

    status: str
    check: str
    code: int | None
    in_flight: int
    answered: int
    failed: int

    @property
    def drained(self) -> bool:
        return self.in_flight == 0


class BackendCounts(NamedTuple):
    """What the proxy counted for an app since it started: requests, and those answered with 5xx or not at all."""

    requests: int
    failed: int
    servers: Mapping[str, ServerState]


class Proxy:
    """The runtime socket in `folder`. Methods raise PodshiftError when the proxy does not answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def reachable(self) -> bool:
        try:
            return "Uptime_sec" in self._ask("show info")
        except PodshiftError:
            return False

    def maps(self) -> set[str]:
        """The maps that the running proxy has, by name: one that an older podshift started lacks the newer ones."""
        return set(re.findall(rf"\({re.escape(INSIDE)}/([\w-]+)\.map\)", self._ask("show map")))

    def serves_edge(self) -> bool:
        """Does it listen on the sockets of the HTTPS edge?"""
        try:
            for name in ("http.sock", "ask.sock"):
                _connect(self.folder / "edge", name).close()
        except OSError:
            return False
        return True

    def add(self, backend: str, upstream: Placed) -> None:
        """An upstream that is checked and gets no request until switch()."""
        server = word(f"{backend}/{upstream.name}")
        self.put("ready", upstream.name, upstream.ready_path)
        answer = self._ask(
            f"add server {server} {word(upstream.address)}:{upstream.port} {SERVER_OPTIONS}",
            f"set server {server} state drain",
            f"enable health {server}",
        )
        if "New server registered" not in answer:
            raise PodshiftError(f"the proxy refused {upstream.name}: {answer.strip()}", hint="podshift doctor")

    def switch(self, backend: str, on: list[str], off: list[str]) -> None:
        """One command: from now on requests go to `on`; those in flight at `off` finish there."""
        ready = [f"set server {word(backend)}/{word(name)} state ready" for name in on]
        drain = [f"set server {word(backend)}/{word(name)} state drain" for name in off]
        self.tell(*ready, *drain)

    def doubt(self, backend: str, containers: list[str]) -> None:
        """Containers that were stopped and started again: no request goes there until the next check was passed."""
        known = self.look(backend).servers
        self.tell(*(f"set server {word(backend)}/{word(name)} health down" for name in containers if name in known))

    def cut(self, backend: str, container: str) -> None:
        """End what is still in flight at an upstream whose drain time is up."""
        self._ask(f"shutdown sessions server {word(backend)}/{word(container)}")

    def forget(self, backend: str, container: str) -> bool:
        """Remove an upstream; False while the proxy still holds a connection to it (it closes idle ones in 1 s)."""
        server = f"{word(backend)}/{word(container)}"
        answer = self._ask(f"set server {server} state maint", f"del server {server}")
        gone = "Server deleted" in answer or "No such server" in answer
        if gone:
            self._ask(f"del map {map_file('ready')} {word(container)}")
        return gone

    def look(self, backend: str) -> BackendCounts:
        rows = self._stat(backend)
        totals = next((row for row in rows if row["svname"] == "BACKEND"), None)
        if totals is None:
            raise PodshiftError(f"the proxy has no backend {backend}", hint="podshift up")
        servers = {row["svname"]: _server(row) for row in rows if row["svname"] != "BACKEND"}
        return BackendCounts(_number(totals["stot"]), _number(totals["hrsp_5xx"]), servers)

    def hold(self, backend: str, seconds: int) -> None:
        """So long may a request wait while no upstream answers."""
        self.put("hold", backend, str(seconds))

    def held(self, backend: str) -> int:
        """How many requests had to wait for an upstream since the proxy started (templates/hold.lua counts)."""
        return _number(self._ask(f"show held {word(backend)}").strip())

    def servers(self) -> dict[str, dict[str, ServerState]]:
        """Every upstream that the proxy knows, by backend."""
        found: dict[str, dict[str, ServerState]] = {}
        for row in self._stat("-1"):
            if row["svname"] != "BACKEND":
                found.setdefault(row["pxname"], {})[row["svname"]] = _server(row)
        return found

    def put(self, name: str, key: str, value: str) -> None:
        """Set one entry of a map file's copy in the running proxy."""
        path, key, value = map_file(name), word(key), word(value)
        verb = "set" if key in self.entries(name) else "add"
        self.tell(f"{verb} map {path} {key} {value}")

    def entries(self, name: str) -> dict[str, str]:
        """A map of the running proxy, as it stands."""
        lines = (line.split(maxsplit=2) for line in self._ask(f"show map {map_file(name)}").splitlines())
        return {words[1]: words[2] for words in lines if len(words) == 3 and words[0].startswith("0x")}

    def replace(self, name: str, wanted: Mapping[str, str]) -> None:
        """Make a map of the running proxy equal to `wanted`, touching only what differs."""
        present, path = self.entries(name), map_file(name)
        commands = [f"del map {path} {word(key)}" for key in present if key not in wanted]
        for key, value in wanted.items():
            if key not in present:
                commands.append(f"add map {path} {word(key)} {word(value)}")
            elif present[key] != value:
                commands.append(f"set map {path} {word(key)} {word(value)}")
        for start in range(0, len(commands), 50):  # a line of the socket holds 16 KiB
            self.tell(*commands[start : start + 50])

    def _stat(self, backend: str) -> list[dict[str, str]]:
        text = self._ask(f"show stat {word(backend)} {BACKENDS_AND_SERVERS} -1")
        return list(csv.DictReader(io.StringIO(text.removeprefix("# ").strip())))

    def tell(self, *commands: str) -> None:
        """Commands, in one line, whose success is silent. Raises PodshiftError with what the proxy said instead."""
        answer = self._ask(*commands).strip() if commands else ""
        if answer:
            hint = "podshift init" if "Unknown map" in answer else "podshift up"  # started by an older podshift
            raise PodshiftError(f"the proxy refused a change: {answer}", hint=hint)

    def _ask(self, *commands: str) -> str:
        try:
            with _connect(self.folder) as connection:
                connection.sendall(("; ".join(commands) + "\n").encode())
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")
        except OSError as error:
            raise PodshiftError(f"the proxy does not answer: {error.strerror or error}", hint="podshift up") from None


def map_file(name: str) -> str:
    """A map as the proxy calls it: by the file from which it was read."""
    return f"{INSIDE}/{name}.map"


def _connect(folder: Path, name: str = "admin.sock") -> socket.socket:
    """A Unix socket's path may have 107 bytes; through /proc a deep home does not count."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    connection.settimeout(ANSWER_SECONDS)
    descriptor = -1
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        connection.connect(f"/proc/self/fd/{descriptor}/{name}")
    except BaseException:
        connection.close()
        raise
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return connection


def word(text: str) -> str:
    """The text itself, or PodshiftError: more than one word would be more than one argument."""
    if not WORD.fullmatch(text):
        raise PodshiftError(f"{text!r} cannot be told to the proxy")
    return text


def _number(text: str) -> int:
    return int(text) if text else 0


def _server(row: dict[str, str]) -> ServerState:
    return ServerState(
        status=row["status"],
        check=row["check_status"].removeprefix("* "),
        code=_number(row["check_code"]) or None,
        in_flight=_number(row["scur"]) + _number(row["qcur"]),
        answered=sum(_number(row[name]) for name in ANSWERS),
        failed=_number(row["hrsp_5xx"]) + _number(row["eresp"]),
    )
