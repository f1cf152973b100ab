"""Where the edge listens, and where the proxy does beside it."""

import errno
import ipaddress
import socket
from collections.abc import Iterable

from podshift.errors import PodshiftError
from podshift.model import Edge
from podshift.settings import Settings

LOOPBACK = ("127.", "[::1]:", "localhost:")
LOOPBACK_PORTS = range(8080, 8100)
EVERYWHERE = {"0.0.0.0", "[::]"}  # noqa: S104 - compared


def check_address(text: str) -> str:
    """ADDR:PORT, with an IPv6 address in brackets."""
    host, _, port = text.rpartition(":")
    try:
        ipaddress.ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
        if port.isascii() and port.isdigit() and 0 < int(port) < 65536:
            return text
    except ValueError:
        pass
    raise PodshiftError(f"{text!r} is no address to listen on", hint="such as 0.0.0.0:80 or 127.0.0.1:8080")


def collide(one: str, other: str) -> bool:
    """Can these two addresses not be listened on at once?"""
    (host, _, port), (other_host, _, other_port) = one.rpartition(":"), other.rpartition(":")
    return port == other_port and (host == other_host or bool({host, other_host} & EVERYWHERE))


def proxy_address(settings: Settings, edge: Edge, wanted: str | None) -> str:
    """Where the proxy itself listens beside the edge: where it was told to, else on loopback."""
    if wanted:
        listen = check_address(wanted)
        if any(collide(listen, address) for address in (edge.http, edge.https)):
            raise PodshiftError(f"the edge itself listens on {listen}", hint="--listen 127.0.0.1:8080")
        return listen
    own = settings.listen
    apart = not any(collide(own, address) for address in (edge.http, edge.https))
    if apart and (settings.edge or own.startswith(LOOPBACK)):
        return own
    free = (f"127.0.0.1:{port}" for port in LOOPBACK_PORTS)
    for address in free:
        if not any(collide(address, one) for one in (edge.http, edge.https)) and not _taken(address):
            return address
    raise PodshiftError("no port from 8080 on is free on loopback for the proxy", hint="--listen 127.0.0.1:PORT")


def refuse_taken(before: Settings, after: Settings) -> None:
    """Somebody else listens there; the installation's own will have moved."""
    own = [before.listen, *((before.edge.http, before.edge.https) if before.edge else ())]
    assert after.edge  # noqa: S101 - choose() has just put it there
    for address, kinds in (
        (after.edge.http, (socket.SOCK_STREAM,)),
        (after.edge.https, (socket.SOCK_STREAM, socket.SOCK_DGRAM)),
        (after.listen, (socket.SOCK_STREAM,)),
    ):
        if not any(collide(address, one) for one in own) and (problem := _taken(address, kinds, after.engine)):
            raise PodshiftError(
                f"the edge cannot have {address}: {problem}", hint="podshift edge on --http … --https …"
            )


def _taken(address: str, kinds: Iterable[socket.SocketKind] = (socket.SOCK_STREAM,), engine: str = "") -> str:
    """Why nobody can listen there now; empty: it is free. Docker's daemon may have what is root's."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    for kind in kinds:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host.strip("[]"), int(port)))
            except OSError as error:
                if engine == "docker" and error.errno == errno.EACCES:
                    continue
                return error.strerror or str(error)
    return ""
