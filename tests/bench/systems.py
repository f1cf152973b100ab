"""What is measured: podshift, and four other ways to bring a new container live on the same engine."""

import http.client
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import ClassVar

from bench.workshop import DRAIN_SECONDS, BenchError, Workshop
from podshift.proxy.files import threads
from server import App, Checkout
from server.installation import created, free_port

POLL_SECONDS = 0.02


class System(ABC):
    """A proxy on a loopback `port`, with version 1 of the app behind it."""

    name: ClassVar[str]
    title: ClassVar[str]
    host = "app.localhost"
    proxy: str
    """The proxy's container."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.port = free_port()

    @abstractmethod
    def rotate(self, number: int) -> None:
        """Build version `number`, bring it live, take the one before away."""


class Podshift(System):
    """A push for each rotation."""

    name, title = "podshift", "podshift"

    def __init__(self, workshop: Workshop, app: App, checkout: Checkout) -> None:
        super().__init__(workshop)
        self.app, self.checkout = app, checkout
        self.port, self.host = workshop.server.port, app.host
        self.proxy = workshop.engine(
            "ps", "--format={{.Names}}", f"--filter=label=podshift.home={workshop.server.home}",
            "--filter=label=podshift.role=proxy",
        )  # fmt: skip

    def rotate(self, number: int) -> None:
        self.checkout.commit(f"Version {number}", version_txt=self.workshop.version_text(number))
        pushed = self.checkout.push(self.app)
        if pushed.code or "is live" not in pushed.said:
            raise BenchError(f"a push failed:\n{pushed.text}")


class ByHand(System):
    """What the other systems share: `podman run`, a wait for readiness, something of their own, `podman stop`."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self.prefix = f"{workshop.name}-{self.name}"
        self.proxy = f"{self.prefix}-proxy"
        self.subnet = workshop.network(self.prefix)
        self.old = ""

    def start(self) -> None:
        self.old, address = self.start_app(1)
        self.start_proxy(address)
        try:
            wait_ready(self.port)
        except BenchError as error:
            raise BenchError(f"{error}; its proxy said: {self.workshop.logs(self.proxy)}") from None

    def rotate(self, number: int) -> None:
        new, address = self.start_app(number)
        self.switch(address)
        self.workshop.engine("stop", "--time=10", self.old)
        self.workshop.remove(self.old)
        self.old = new

    def start_app(self, number: int) -> tuple[str, str]:
        """The container and its address, once the app answers its readiness check, on a loopback port of its own."""
        name, port = f"{self.prefix}-{number}", free_port()
        address = f"{self.subnet}.{128 + number % 100}"
        self.workshop.run(
            name, self.workshop.build_version(number), "--init", f"--network={self.prefix}", "--network-alias=greet",
            f"--ip={address}", f"--publish=127.0.0.1:{port}:8080",
        )  # fmt: skip
        wait_ready(port)
        return name, f"{address}:8080"

    @abstractmethod
    def start_proxy(self, address: str) -> None: ...

    @abstractmethod
    def switch(self, address: str) -> None:
        """From ready to the moment when the old container may stop."""

    def run_proxy(self, image: str, *options: str, command: tuple[str, ...]) -> None:
        self.workshop.run(
            self.proxy, image, f"--network={self.prefix}", f"--publish=127.0.0.1:{self.port}:8080", "--user=0",
            *options, command=command,
        )  # fmt: skip


class Alias(ByHand):
    """The new container has the same network alias; the old one is stopped as soon as the new one is ready."""

    name, title = "alias", "alias + podman stop (Caddy)"

    def start_proxy(self, address: str) -> None:
        self.run_proxy(
            self.workshop.program_image("caddy"), command=("reverse-proxy", "--from=:8080", "--to=greet:8080")
        )

    def switch(self, address: str) -> None:
        pass


class Caddy(ByHand):
    """Its upstream is patched over the admin API; then all of the drain time is waited, which suits it best."""

    name, title = "caddy", "Caddy, admin API"
    route = "/config/apps/http/servers/app/routes/0/handle/0/upstreams"

    def start_proxy(self, address: str) -> None:
        handler = {
            "handler": "reverse_proxy",
            "upstreams": [{"dial": address}],
            "stream_close_delay": f"{DRAIN_SECONDS * 2}s",  # without it a changed configuration cuts WebSockets
        }
        server = {"listen": [":8080"], "routes": [{"handle": [handler]}], "automatic_https": {"disable": True}}
        configuration = {"admin": {"listen": "0.0.0.0:2019"}, "apps": {"http": {"servers": {"app": server}}}}
        path = self.workshop.folder / "caddy.json"
        path.write_text(json.dumps(configuration))
        self.admin = free_port()
        self.run_proxy(
            self.workshop.program_image("caddy"), f"--volume={path}:/caddy.json:ro",
            f"--publish=127.0.0.1:{self.admin}:2019", command=("run", "--config=/caddy.json"),
        )  # fmt: skip

    def switch(self, address: str) -> None:
        status, said = request(self.admin, "PATCH", self.route, json.dumps([{"dial": address}]))
        if status != 200:
            raise BenchError(f"Caddy refused a change: {said}")
        time.sleep(DRAIN_SECONDS)


class Traefik(ByHand):
    """A file that it watches is replaced; then all of the drain time is waited."""

    name, title = "traefik", "Traefik, file provider"

    def start_proxy(self, address: str) -> None:
        self.folder = self.workshop.folder / "traefik.d"
        self.folder.mkdir()
        self._write(address)
        self.run_proxy(
            self.workshop.program_image("traefik"), f"--volume={self.folder}:/traefik.d:ro",
            command=(
                "--entryPoints.web.address=:8080", "--providers.file.directory=/traefik.d",
                "--providers.providersThrottleDuration=100ms", "--global.checkNewVersion=false",
                "--global.sendAnonymousUsage=false",
            ),
        )  # fmt: skip

    def switch(self, address: str) -> None:
        self._write(address)
        time.sleep(DRAIN_SECONDS)

    def _write(self, address: str) -> None:
        service = {"loadBalancer": {"servers": [{"url": f"http://{address}"}]}}
        router = {"rule": "PathPrefix(`/`)", "service": "app", "entryPoints": ["web"]}
        new = self.folder / ".app.new"
        new.write_text(json.dumps({"http": {"routers": {"app": router}, "services": {"app": service}}}))
        new.replace(self.folder / "app.yml")  # JSON is YAML


class HaproxyReload(ByHand):
    """podshift's own proxy with nothing but a server in it, reloaded; then all of the drain time is waited.

    It runs as podshift has it run, so what podshift's rules cost is the difference of the two.
    """

    name, title = "haproxy", "HAProxy, reloaded"

    def start_proxy(self, address: str) -> None:
        self.folder = self.workshop.folder / "haproxy.d"
        self.folder.mkdir()
        self._write(address)
        self.run_proxy(
            self.workshop.proxy_image, *self.workshop.first_served, "--entrypoint=haproxy",
            f"--volume={self.folder}:/haproxy.d:ro", "--tmpfs=/tmp", command=("-W", "-f", "/haproxy.d/haproxy.cfg"),
        )  # fmt: skip

    def switch(self, address: str) -> None:
        self._write(address)
        self.workshop.engine("kill", "--signal=USR2", self.proxy)
        time.sleep(DRAIN_SECONDS)

    def _write(self, address: str) -> None:
        (self.folder / "haproxy.cfg").write_text(RELOADED.format(address=address, threads=threads()))


RELOADED = """\
global
    maxconn 4000
    nbthread {threads}
    stats socket /tmp/admin.sock mode 600 level admin expose-fd listeners
defaults
    mode http
    option idle-close-on-response
    timeout connect 3s
    timeout client 5m
    timeout server 10m
    timeout tunnel 1h
listen app
    bind :8080
    server app {address} pool-max-conn 100 pool-purge-delay 1s
"""

BY_HAND: tuple[type[ByHand], ...] = (Alias, Caddy, Traefik, HaproxyReload)
SYSTEMS: tuple[type[System], ...] = (Podshift, *BY_HAND)


@contextmanager
def running(workshop: Workshop, name: str) -> Iterator[System]:
    """The system of this name with version 1 live; everything of it is gone afterwards."""
    with ExitStack() as stack:
        if name == Podshift.name:
            app = stack.enter_context(created(workshop.server, name=f"{workshop.name}-app"))
            checkout = workshop.checkout("rotations")
            podshift = Podshift(workshop, app, checkout)
            podshift.rotate(1)
            yield podshift
        else:
            kind = next(kind for kind in BY_HAND if kind.name == name)
            system = kind(workshop)
            stack.callback(lambda: workshop.remove(system.proxy, system.old, seconds=1))
            system.start()
            yield system


def request(port: int, method: str, path: str, body: str | None = None, host: str = "localhost") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Host": host, "Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def wait_ready(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if request(port, "GET", "/healthz")[0] == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(POLL_SECONDS)
    raise BenchError(f"nothing became ready on port {port} within {seconds:g} s")


def resident_mb(pid: int) -> float:
    """What a container's first process, and those that it started, have in memory now."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    return own + sum(resident_mb(int(child)) for child in children)
