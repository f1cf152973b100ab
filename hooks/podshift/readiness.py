"""Wait until new containers are ready, or say why they are not."""

import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from podshift.asking.confirmation import Confirmation
from podshift.engine import Engine
from podshift.errors import PodshiftError
from podshift.exits import exited
from podshift.model import DOCKERS_NAMESERVER, Readiness
from podshift.proxy import ServerState, Upstreams
from podshift.records import Placed

POLL_MILLISECONDS = 20
# Most apps are ready before the engine would even have listed their containers, and every push waits for it.
FIRST_LOOKS_SECONDS = 0.2
FIRST_POLL_SECONDS = 0.01
LOG_LINES = 25
# A container that nobody asks anything must stay up this long, or for its own shorter time-out.
SETTLE_SECONDS = 3.0
LOOPBACK = ("127.", "[::1]")

Awaited = tuple[Placed, Readiness]


@dataclass(frozen=True, slots=True)
class _Running:
    """A started container with the descriptor by which the kernel tells that its process ended.

    `since`: the instant from which its time counts. Of one that nobody asks, it is when its process was first seen:
    the engine may have started it anew until then, and may have taken long to tell of it.
    """

    place: Placed
    readiness: Readiness
    pid: int
    descriptor: int
    confirmation: Confirmation
    since: float


def await_ready(engine: Engine, proxy: Upstreams, app: str, backend: str, awaited: Sequence[Awaited]) -> None:
    """Return when every container is ready.

    Raises PodshiftError as soon as one exits or its time is up, with what the proxy saw and its last log lines.
    """
    began = time.monotonic()
    if not (waiting := _soon_ready(proxy, backend, awaited)):
        return
    running: list[_Running] = []
    try:
        for place, readiness, pid in _with_pids(engine, app, waiting):
            confirmation = Confirmation(engine, place, readiness, pid)
            descriptor = _open(engine, place, pid)
            since = began if place.is_web else time.monotonic()
            running.append(_Running(place, readiness, pid, descriptor, confirmation, since))
        _wait(engine, proxy, backend, running)
    finally:
        for one in running:
            os.close(one.descriptor)
            one.confirmation.end()


def _soon_ready(proxy: Upstreams, backend: str, awaited: Sequence[Awaited]) -> list[Awaited]:
    """Those that did not become ready within a moment."""
    deadline = time.monotonic() + FIRST_LOOKS_SECONDS
    waiting = list(awaited)
    while any(place.is_web for place, _ in waiting) and time.monotonic() < deadline:
        servers = proxy.look(backend).servers
        waiting = [
            (place, readiness)
            for place, readiness in waiting
            if not place.is_web or readiness.is_more or not _passes(readiness, servers.get(place.name))
        ]
        time.sleep(FIRST_POLL_SECONDS if waiting else 0)
    return waiting


def _with_pids(engine: Engine, app: str, awaited: Sequence[Awaited]) -> list[tuple[Placed, Readiness, int]]:
    pids = {container.name: container.pid for container in engine.containers(app=app)}
    return [(place, readiness, pids.get(place.name, 0)) for place, readiness in awaited]


def _open(engine: Engine, place: Placed, pid: int) -> int:
    try:
        return os.pidfd_open(pid) if pid else _gone(engine, place)
    except ProcessLookupError:
        return _gone(engine, place)


def _wait(engine: Engine, proxy: Upstreams, backend: str, running: Sequence[_Running]) -> None:
    poll = select.poll()
    for one in running:
        poll.register(one.descriptor, select.POLLIN)
    waiting = list(running)
    while waiting:
        ended = {descriptor for descriptor, _ in poll.poll(POLL_MILLISECONDS)}
        for one in running:
            if one.descriptor in ended:
                _gone(engine, one.place)
        servers = proxy.look(backend).servers if any(one.place.is_web for one in waiting) else {}
        for one in list(waiting):
            elapsed = time.monotonic() - one.since
            left = one.readiness.timeout - elapsed
            if _is_ready(one, servers.get(one.place.name), elapsed) and one.confirmation.done(left):
                waiting.remove(one)
            elif left < 0:
                _not_ready(engine, one, servers.get(one.place.name))


def _is_ready(one: _Running, server: ServerState | None, elapsed: float) -> bool:
    if not one.place.is_web:
        return one.readiness.healthcheck or elapsed >= min(SETTLE_SECONDS, one.readiness.timeout)
    return _passes(one.readiness, server)


def _passes(readiness: Readiness, server: ServerState | None) -> bool:
    """One that is down was doubted: its last check is of before its stop."""
    if server is None or server.status.startswith("DOWN"):
        return False
    return bool(server.check == "L7OK" and server.code and readiness.accepts(server.code))


def _gone(engine: Engine, place: Placed) -> int:
    raise exited(engine, place.name, place.process, " at start")


def _not_ready(engine: Engine, one: _Running, server: ServerState | None) -> None:
    place, limit = one.place, one.readiness.timeout
    listening = listening_ports(one.pid)
    saw, hint = _diagnosis(place, one.readiness, server, listening)
    if one.confirmation.missing:
        saw, hint = one.confirmation.missing, "mend it and try again"
    heard = ", ".join(f"{address}:{port}" for address, port in listening) or "no port at all"
    raise PodshiftError(
        f"{place.name} was not ready within {limit:g} s: {saw}",
        hint=hint,
        details=(*_log(engine, place), f"the container listens on {heard}"),
    )


def _diagnosis(
    place: Placed, readiness: Readiness, server: ServerState | None, listening: Sequence[tuple[str, int]]
) -> tuple[str, str]:
    """What the proxy saw, and what to do about it. Check words: HAProxy's management guide, `show stat`."""
    check, code = (server.check, server.code) if server else ("", None)
    ports = {port for _, port in listening}
    if check in ("INI", "") and ports and place.port not in ports:
        check = "L4CON"  # nobody has come to an end of asking, and it can be seen what the answer would be
    if check in ("L7OK", "L7STS"):
        wanted = ", ".join(f"{low}-{high}" if low != high else f"{low}" for low, high in readiness.status)
        return (
            f"it answered {code} to GET {place.ready_path}, and {wanted} is wanted",
            "look at the lines above, or set web.ready in podshift.toml",
        )
    if check == "L4CON" and place.port in ports:
        if any(port == place.port and not address.startswith(LOOPBACK) for address, port in listening):
            return (  # by now: the check that found nobody there may have been the last to come to an end
                f"no answer to GET {place.ready_path} yet, but by now it listens on port {place.port}",
                "raise web.ready.timeout, or set web.ready in podshift.toml to a path that answers quickly",
            )
        return (
            f"it listens on port {place.port}, but only on 127.0.0.1",
            "make the app listen on 0.0.0.0: the proxy is outside its container",
        )
    if check == "L4CON" and ports:
        return (
            f"nothing listens on port {place.port}",
            f"make the app listen on $PORT, or say in podshift.toml: [web] port = {min(ports)}",
        )
    if check == "L4CON":
        return (
            f"nothing listens on port {place.port}",
            "make the app listen on $PORT; raise web.ready.timeout if it is slow",
        )
    if check in ("L7TOUT", "L4TOUT", "INI", ""):
        return (
            f"no answer to GET {place.ready_path}",
            "set web.ready in podshift.toml to a path that answers quickly",
        )
    return (
        f"what came from port {place.port} was no HTTP answer ({check})",
        "set web.port to the port of the app's HTTP server",
    )


def listening_ports(pid: int) -> list[tuple[str, int]]:
    """Addresses and ports that a container listens on, read from its network namespace. [] when it is gone."""
    found: set[tuple[str, int]] = set()
    for name, wide in (("tcp", False), ("tcp6", True)):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue
        for words in (line.split() for line in lines):
            if words[3] == "0A":  # TCP_LISTEN
                address, _, port = words[1].partition(":")
                found.add((_address(address, wide), int(port, 16)))
    return sorted(one for one in found if one[0] != DOCKERS_NAMESERVER)


def _address(text: str, wide: bool) -> str:
    if not int(text, 16):
        return "0.0.0.0"  # noqa: S104 - what is printed, not what is bound
    if wide:
        return "[::1]" if text.endswith("01000000") else "[ipv6]"
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(text)))


def _log(engine: Engine, place: Placed) -> tuple[str, ...]:
    try:
        return tuple(engine.logs(place.name, LOG_LINES))
    except PodshiftError:
        return ()
