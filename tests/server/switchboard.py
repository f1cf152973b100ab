"""HAProxy as a process of this machine, started from rendered files, and upstreams to put behind it."""

import contextlib
import http.client
import http.server
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from unittest import mock

from podshift.proxy import INSIDE, Proxy, copy_static_files, prepare_files, runtime
from podshift.records import App, Placed
from podshift.settings import Home, make_private
from server.installation import free_port, wait_until

BACKENDS = 4


class Switchboard:
    """One HAProxy process, and the `proxy` object that tells it what to do.

    A container sees its files in /etc/podshift and its socket in /run/podshift; here both are the home's own folders.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port = free_port()
        self.proxy = Proxy(home.socket_folder)
        for folder in (home.path, home.proxy_folder, home.socket_folder, home.edge_socket_folder):
            make_private(folder)
        copy_static_files(home)

    def write_files(
        self, apps: Sequence[App] = (), placed: Mapping[str, Sequence[Placed]] | None = None, **more: int
    ) -> None:
        prepare_files(self.home, backends=BACKENDS, maxconn=100, apps=apps, placed=placed or {}, **more).install()

    @contextmanager
    def running(self) -> Iterator["Switchboard"]:
        """Start it from the files as they are; ended afterwards."""
        process = subprocess.Popen(
            ["haproxy", "-db", "-q", "-f", self.config()],
            cwd=self.home.socket_folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: process.poll() is not None or self.proxy.reachable(), what="HAProxy's socket")
            assert process.poll() is None, process.stderr and process.stderr.read()
            with mock.patch.object(runtime, "INSIDE", str(self.home.proxy_folder)):
                yield self
        finally:
            process.kill()
            process.communicate()

    def config(self) -> Path:
        """The rendered file with this machine's paths; the socket's is relative, since it may have but 107 bytes."""
        text = (self.home.proxy_folder / "haproxy.cfg").read_text()
        here = (
            text.replace("/run/podshift/admin.sock", "unix@admin.sock")
            .replace("unix@/run/podshift/", "unix@")
            .replace(INSIDE, str(self.home.proxy_folder))
            .replace("bind :8080", f"bind 127.0.0.1:{self.port}")
        )
        path = self.home.path / "haproxy.here.cfg"
        path.write_text(here)
        return path

    def get(self, host: str, path: str = "/", *, timeout: float = 10, **headers: str) -> tuple[int, str]:
        """Status and body of one request on a connection of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Host": host, "Connection": "close", **named})
            response = connection.getresponse()
            return response.status, response.read().decode().strip()
        finally:
            connection.close()

    def by_edge(self, host: str, path: str = "/", *, socket: str = "http.sock", **headers: str) -> HTTPResponse:
        """The answer to a request as the HTTPS edge passes it on."""
        connection = _EdgeConnection(self.home.edge_socket_folder / socket)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request("GET", path, headers={"Host": host, "Connection": "close", **named})
            return connection.getresponse()
        finally:
            connection.close()

    def wait_for_check(self, backend: str, *names: str, check: str = "L7OK") -> None:
        """Until the proxy's own check says this of all these upstreams."""
        wait_until(
            lambda: all(self.proxy.look(backend).servers[name].check == check for name in names),
            what=f"{check} of {names}",
        )


class _EdgeConnection(http.client.HTTPConnection):
    """A connection to one of the sockets that the proxy has for the edge."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        with contextlib.chdir(self.path.parent):  # a socket's path has 107 bytes at the most
            self.sock.connect(self.path.name)


def an_app(name: str, backend: int = 0, *domains: str) -> App:
    return App(name, "main", gate=False, backend=backend, subnet="10.89.0.0/24", created=0.0, live=1, domains=domains)


class Upstream(http.server.ThreadingHTTPServer):
    """A web container's stand-in on a loopback port, which answers with its name.

    `/slow` is answered once `finish` is set, and `slow` counts the requests that wait for it. `status` is what it
    answers, `asked` has the Host and the path of everything that was asked, `headers` those of the last request that
    was no check. `idle` has how many seconds each kept connection went without a request before it was closed.
    """

    daemon_threads = True

    def __init__(self, name: str, ready_path: str = "/") -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.name = name
        self.status = 200
        self.finish = threading.Event()
        self.slow = threading.Semaphore(0)
        self.asked: set[tuple[str, str]] = set()
        self.headers: dict[str, str] = {}
        self.idle: list[float] = []
        self.place = Placed(name, "web", "127.0.0.1", self.server_address[1], ready_path)

    def __enter__(self) -> "Upstream":
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that HAProxy cuts is what some tests are about."""


class _Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together: in two writes, a kept connection waits 40 ms for each answer
    server: Upstream
    answered: float | None = None

    def finish(self) -> None:
        if self.answered:
            self.server.idle.append(time.monotonic() - self.answered)
        super().finish()

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.server.slow.release()
            self.server.finish.wait(30)
        self.server.asked.add((self.headers["Host"], self.path))
        if self.headers["User-Agent"] != "podshift-check":
            self.server.headers = {name.lower(): value for name, value in self.headers.items()}
            self.answered = time.monotonic()
        body = f"{self.server.name}\n".encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        if self.server.finish.is_set():
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - as http.server calls them

    def log_message(self, *_: object) -> None:
        pass


def path_of(length: int, below: Path) -> Path:
    """A folder's path of at least so many characters."""
    while len(str(below)) < length:
        below = below / ("deep-" * 8)
    return below
