"""The words of podshift as frozen values. No module of podshift knows less than this one.

Here as elsewhere a class that is only data is a NamedTuple where it can be: Python makes one in 0.06 ms and a frozen
dataclass in 0.4, and a push waits for forty of them.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from podshift.errors import PodshiftError

APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# What answers a container's questions for names, in each of Docker's; podman's is on the network's bridge.
DOCKERS_NAMESERVER = "127.0.0.11"


class Order(StrEnum):
    """Which comes first in a rotation: the new container's start, or the old one's stop."""

    START_FIRST = "start-first"
    STOP_FIRST = "stop-first"


class State(StrEnum):
    """Where a release stands. A release is `live` at most once an app; the last four are final."""

    BUILDING = "building"
    STARTING = "starting"
    LIVE = "live"
    RETIRED = "retired"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class Readiness(NamedTuple):
    """What a new container must answer before it gets traffic. `timeout` in seconds.

    `content` is a text that the answer must have in it; `healthcheck`: the image's own HEALTHCHECK must pass, too.
    """

    path: str = "/"
    status: tuple[tuple[int, int], ...] = ((100, 499),)
    timeout: float = 60.0
    content: str = ""
    healthcheck: bool = False

    @property
    def is_more(self) -> bool:
        """Is there more to it than what the proxy's check can tell?"""
        return bool(self.content) or self.healthcheck

    def accepts(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.status)


class Process(NamedTuple):
    """A kind of container of an app. Times in seconds; `volumes` maps a volume's name to its path inside.

    Of `web` only: `watch` is how long a new release is watched (0: not at all), `max_errors` the share of
    requests that may fail then, `hold` how long a request may wait while no container is ready.
    """

    name: str
    command: tuple[str, ...] = ()
    port: int | None = None
    replicas: int = 1
    order: Order = Order.START_FIRST
    drain: float = 30.0
    stop: float = 10.0
    ready: Readiness = Readiness()
    memory: str | None = None
    cpus: float | None = None
    volumes: Mapping[str, str] = MappingProxyType({})
    watch: float = 5.0
    max_errors: float = 0.1
    hold: float = 15.0

    @property
    def is_web(self) -> bool:
        return self.name == "web"


class Build(NamedTuple):
    """How the image is made. Paths are relative to the repository's top; `containerfile` None means: look.

    `timeout` in seconds; None: what the server allows.
    """

    containerfile: str | None = None
    context: str = "."
    target: str | None = None
    args: Mapping[str, str] = MappingProxyType({})
    timeout: float | None = None


class Manifest(NamedTuple):
    """What a pushed repository says of itself: `podshift.toml`, else `Procfile`, else the defaults.

    `links` are the apps that it wants to reach. The commands of app.json: `before` anything rotates, ahead of the
    release command, and `after` it is live. `notes` is what of the files is not honoured, for whoever pushes.
    """

    build: Build = Build()
    release_command: tuple[str, ...] = ()
    processes: Mapping[str, Process] = MappingProxyType({"web": Process("web")})
    links: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def web(self) -> Process:
        return self.processes["web"]


class Edge(NamedTuple):
    """The HTTPS edge, as `podshift edge on` was told. `http` and `https` are addresses of the host, ADDR:PORT.

    Certificates come from Caddy's own authority when it is `internal`, else through ACME: from `acme_ca` (a directory's
    URL) or a public one. `acme_root` is the certificate, in PEM, that `acme_ca` itself is trusted by.
    `image` "" means: not obtained yet. `listen_before` is where the proxy listens again when the edge is off.
    """

    http: str = "0.0.0.0:80"
    https: str = "0.0.0.0:443"
    email: str = ""
    internal: bool = False
    acme_ca: str = ""
    acme_root: str = ""
    image: str = ""
    listen_before: str = ""

    @property
    def https_port(self) -> int:
        """What clients connect to: ACME looks at ports 80 and 443, so another one is what a router sends 443 to."""
        return int(self.https.rpartition(":")[2]) if self.internal else 443


def check_app_name(name: str) -> str:
    """The name itself, or PodshiftError: it becomes a path, a DNS name and part of the container names."""
    if APP_NAME.fullmatch(name):
        return name
    raise PodshiftError(
        f"{name!r} is no app name",
        hint="use 1 to 40 lowercase letters, digits and hyphens, a letter first",
    )
