"""The HTTPS edge, with a real Caddy, and certificates from a real ACME server: one installation for all of it."""

import json
import re
import socket
import ssl
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from load import Load
from podshift.settings import Home
from server import App, Checkout, Server
from server.edge import Edge, acme_edge, place_of
from server.http3 import http3_get
from server.installation import created, installed
from server.rotations import answered_until, push_version

NAMES = ("shop.example", "new.shop.example", "a.wild.example", "unknown.example")
HELLO = "hello from v"
FORGED = (
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Host: evil.example",
    "Forwarded: for=6.6.6.6",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with installed(tmp_path_factory.mktemp("edge") / "home") as server:
        yield server


@pytest.fixture(scope="module")
def edge(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with acme_edge(server, tmp_path_factory.mktemp("acme"), NAMES) as edge:
        yield edge


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("shop") / "checkout")


@pytest.fixture(scope="module")
def shop(edge: Edge, checkout: Checkout) -> Iterator[App]:
    """shop.example, and every name below wild.example."""
    with created(edge.server, "--domain", "shop.example", "--domain", "*.wild.example") as app:
        push_version(app, checkout, "v1")
        yield app


def test_the_first_request_of_a_domain_gets_it_a_certificate(edge: Edge, shop: App) -> None:
    assert edge.certificates() == []
    answer = edge.curl("https://shop.example/", "--http2")
    assert (answer["response_code"], answer["http_version"], answer["body"]) == (200, "2", "hello from v1")
    assert edge.curl("https://a.wild.example/")["response_code"] == 200
    assert edge.certificates() == ["a.wild.example", "shop.example"]
    assert shop.status()["urls"] == ["https://shop.example/", "https://*.wild.example/"]


def test_names_that_no_app_has_get_none(edge: Edge, shop: App) -> None:
    """However many an attacker points at this server."""
    before = edge.certificates()
    for name in ("unknown.example", "wild.example", "shop.example.evil.example", shop.host, "127.0.0.1"):
        assert edge.curl(f"https://{name}/", check=False)["exit"] == 35, name  # curl: the handshake failed
    assert edge.certificates() == before


@pytest.mark.matrix
def test_http3_is_spoken_too(edge: Edge, shop: App) -> None:
    """As the answers over TCP say (Alt-Svc)."""
    assert 'h3=":' in edge.curl("https://shop.example/", "--include")["body"]
    status, body = http3_get(edge.https, "shop.example", "/headers", edge.root)
    assert status == 200
    assert "x-forwarded-proto: https" in body.lower()


def test_a_domain_is_added_while_connections_are_open(edge: Edge, shop: App) -> None:
    before = container(edge)
    with load(edge) as running, open_connection(edge, "shop.example") as connection:
        running.wait_for(lambda tally: tally.requests > 100)
        shop.server.podshift("domains", shop.name, "add", "new.shop.example")
        assert edge.curl("https://new.shop.example/", "--http2")["body"].startswith(HELLO)
        assert ask(connection, "shop.example") == "HTTP/1.1 200 OK"
    assert running.result.failed == 0, running.result
    assert container(edge) == before


def test_deploys_under_https_lose_nothing(
    edge: Edge, shop: App, checkout: Checkout, measured: Callable[[str], None]
) -> None:
    """Clients that keep their connection: 12 of HTTP/1.1, and one of HTTP/2 that has several requests under way."""
    with load(edge, slow_clients=2) as running, multiplexed(edge) as http2:
        for before, version in pairwise(("v1", "v2", "v3")):
            running.wait_for(answered_until(before, running.tally.now() + 1))
            push_version(shop, checkout, version)
            running.wait_for(answered_until(version, 0))
        answers = http2()
    measured(f"2 rotations behind the HTTPS edge: {running.result}; {len(answers)} requests on one HTTP/2 connection")
    assert running.result.failed == 0, running.result
    assert list(running.result.versions) == ["v1", "v2", "v3"]
    assert {answer[:-2] for answer in answers} == {"200 2"}
    assert len(answers) > 50
    assert sum(int(answer[-1]) for answer in answers) == 1


def test_apps_see_the_client_and_no_forgery(edge: Edge, shop: App) -> None:
    name = Home(edge.server.home).edge_name
    script = (
        "import http.client, sys; c = http.client.HTTPConnection(sys.argv[1], 80, timeout=10);"
        "h = dict(one.split(': ') for one in sys.argv[2:]);"
        "c.request('GET', '/headers', headers={'Host': 'shop.example', **h}); print(c.getresponse().read().decode())"
    )
    place = place_of(edge.server, name)
    client = place.rpartition(".")[0] + ".201"
    edge.server.podshift("https", shop.name, "--redirect", "off")
    seen = edge.server.engine(
        "run", "--rm", *edge.server.run_options, f"--network={name}", f"--ip={client}", "localhost/podshift-python",
        "python3", "-c", script, place, *FORGED,
    )  # fmt: skip
    edge.server.podshift("https", shop.name, "--redirect", "on")
    assert forwarded(seen) == {"for": client, "proto": "http", "host": "shop.example"}
    forged = [word for header in FORGED for word in ("--header", header)]
    secure = forwarded(edge.curl("https://shop.example/headers", *forged)["body"])
    assert (secure["proto"], secure["host"], secure.keys()) == ("https", "shop.example", {"for", "proto", "host"})
    plain = forwarded(shop.server.get("shop.example", "/headers")[1])
    assert plain["proto"] == "http"


def forwarded(text: str) -> dict[str, str]:
    """What the app was told: every X-Forwarded-* header, and Forwarded."""
    headers = dict(line.split(": ", 1) for line in text.lower().splitlines() if ": " in line)
    return {name.removeprefix("x-forwarded-"): value for name, value in headers.items() if "forwarded" in name}


def test_http_is_sent_to_https_unless_the_app_says_otherwise(edge: Edge, shop: App) -> None:
    answer = edge.curl("http://shop.example/cart?id=1")
    assert (answer["response_code"], answer["redirect_url"]) == (308, "https://shop.example/cart?id=1")
    assert edge.curl(f"http://{shop.host}/")["response_code"] == 200
    assert edge.curl("http://unknown.example/")["response_code"] == 404
    said = shop.server.podshift("https", shop.name, "--redirect", "off", "--hsts", "5m").stdout
    assert said == f"{shop.name}: http is answered as it is; HSTS is on for 300 s\n"
    assert edge.curl("http://shop.example/")["body"].startswith(HELLO)
    headers = edge.curl("https://shop.example/", "--include")["body"].lower()
    assert "strict-transport-security: max-age=300" in headers
    shop.server.podshift("https", shop.name, "--redirect", "on", "--hsts", "off")
    assert edge.server.json("https", shop.name) == {"app": shop.name, "redirect": True, "hsts": None}
    assert "strict-transport-security" not in edge.curl("https://shop.example/", "--include")["body"].lower()


def test_large_bodies_streams_and_other_protocols_pass(edge: Edge, shop: App, tmp_path: Path) -> None:
    body = tmp_path / "body"
    with body.open("wb") as file:
        file.truncate(50_000_000)
    for version in ("--http1.1", "--http2"):
        answer = edge.curl("https://shop.example/", version, "--data-binary", f"@{body}")
        assert answer["body"].startswith("50000000 bytes to v")
    with open_connection(edge, "shop.example") as connection:  # the second event comes in an hour
        connection.sendall(b"GET /stream?events=2&seconds=3600 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        read_until(connection, b"data: 0 from v")
    with open_connection(edge, "shop.example") as connection:
        connection.sendall(
            b"GET /echo HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        assert read_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        connection.sendall(b"hello\n")
        read_until(connection, b"hello\n")


def test_up_brings_it_back_with_its_certificates(edge: Edge, shop: App) -> None:
    serial = certificate(edge)
    home = Home(edge.server.home)
    for verb in ("kill", "rm"):
        edge.server.engine(verb, home.edge_name, home.proxy_name)
    found = {one["check"]: one for one in json.loads(edge.server.podshift("doctor", "--json", check=False).stdout)}
    assert (found["edge"]["level"], found["edge"]["fix"]) == ("error", "podshift up")
    edge.server.podshift("up")
    assert certificate(edge) == serial
    assert edge.curl("https://shop.example/")["body"].startswith(HELLO)
    found = {one["check"]: one for one in edge.server.json("doctor")}
    assert found["edge"]["found"] == f"answers on {edge.http} and {edge.https}"


def test_what_cannot_be_leaves_all_as_it_was(edge: Edge, shop: App) -> None:
    before = edge.server.settings
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        for options, says in (
            (("--https", taken), f"the edge cannot have {taken}: Address already in use"),
            (("--http", "here"), "'here' is no address to listen on"),
            (("--email", "x\n}"), "is no email address"),
            (("--acme-ca", "http://plain.example"), "is no ACME directory"),
            (("--listen", edge.http), f"the edge itself listens on {edge.http}"),
            (("--image", "localhost/podshift-python"), "the edge does not start"),
        ):
            done = edge.server.podshift("edge", "on", *options, check=False)
            assert (done.returncode, says in done.stderr) == (1, True), done.stderr
    done = edge.server.podshift("init", "--listen", edge.http, check=False)
    assert "the HTTPS edge listens on" in done.stderr
    assert edge.server.settings == before
    assert edge.curl("https://shop.example/")["body"].startswith(HELLO)


def test_off_and_on_again_keeps_certificates_and_asks_for_nothing(edge: Edge, shop: App, tmp_path: Path) -> None:
    serial, before = certificate(edge), edge.server.settings
    edge.server.podshift("backup", str(tmp_path / "backup"))
    with tarfile.open(tmp_path / "backup") as archive:
        saved = archive.extractfile("settings.toml")
        assert saved
        assert b'acme_root = "-----BEGIN' in saved.read()
    assert "certificates are kept in the volume" in edge.server.podshift("edge", "off").stderr
    assert edge.server.json("edge") == {"on": False}
    assert shop.status()["urls"][0] == f"http://shop.example:{edge.server.port}/"
    assert shop.server.get("shop.example")[0] == 200
    again = ("--acme-ca", before["edge"]["acme_ca"], "--acme-root", str(edge.root), "--email", "ops@shop.example")
    edge.server.podshift("edge", "on", *edge.options, *again)
    assert edge.server.settings == before
    assert certificate(edge) == serial
    container_before = container(edge)
    assert edge.server.podshift("edge", "on").stderr == ""
    assert container(edge) == container_before


@pytest.mark.matrix
def test_a_public_port_of_the_proxy_moves_out_of_the_way(edge: Edge, shop: App) -> None:
    """Last: another address for the proxy is another container for it."""
    edge.server.podshift("edge", "off")
    edge.server.podshift("init", "--listen", f"0.0.0.0:{edge.port}")
    done = edge.server.podshift("edge", "on", "--internal", *edge.options)
    now = edge.server.settings["listen"]
    assert now.startswith("127.0.0.1:80")
    assert f"it starts anew, on {now}" in " ".join(done.stderr.split())
    assert edge.server.json("edge")["root"].endswith("root.crt")
    assert shop.status()["urls"][0] == f"https://shop.example:{edge.port}/"
    edge.server.podshift("edge", "off")
    assert edge.server.settings["listen"] == f"0.0.0.0:{edge.port}"


def load(edge: Edge, slow_clients: int = 0) -> Load:
    url = f"https://{edge.https}"
    return Load(url, host="shop.example", authority=edge.root, clients=12, slow_clients=slow_clients)


@contextmanager
def multiplexed(edge: Edge) -> Iterator[Callable[[], list[str]]]:
    """curl on one HTTP/2 connection with up to 5 requests under way; gives what ends it and says how each went.

    The status, the HTTP version, and how many connections it took.
    """
    said = "%{stderr}%{http_code} %{http_version} %{num_connects}\n"
    command = [
        "curl",
        "--no-progress-meter",
        "--http2",
        "--parallel",
        "--parallel-max",
        "5",
        "--connect-to",
        f"::{edge.https}",
    ]
    command += ["--cacert", str(edge.root), "--output", "/dev/null", "--write-out", said]
    url = "https://shop.example/slow?seconds=0.05&n=[1-100000]"
    process = subprocess.Popen([*command, url], stderr=subprocess.PIPE, text=True)

    def end() -> list[str]:
        process.terminate()
        return re.findall(r"^\d{3} \S+ \d+$", process.communicate(timeout=20)[1], re.MULTILINE)

    try:
        yield end
    finally:
        process.kill()
        process.communicate()


@contextmanager
def open_connection(edge: Edge, host: str) -> Iterator[ssl.SSLSocket]:
    """A connection of HTTP/1.1 that stays open."""
    context = ssl.create_default_context(cafile=edge.root)
    address, _, port = edge.https.rpartition(":")
    with (
        socket.create_connection((address, int(port)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        yield connection


def ask(connection: ssl.SSLSocket, host: str) -> str:
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return read_until(connection, b"\r\n\r\n").decode().partition("\r\n")[0]


def read_until(connection: ssl.SSLSocket, end: bytes) -> bytes:
    read = b""
    while end not in read:
        data = connection.recv(65536)
        assert data, read
        read += data
    return read


def certificate(edge: Edge) -> bytes:
    """The one that shop.example is served with."""
    with open_connection(edge, "shop.example") as connection:
        found = connection.getpeercert(binary_form=True)
        assert found
        return found


def container(edge: Edge) -> str:
    """Which container it is, and since when it runs: a reload would not show, but there is no way to ask for one."""
    return edge.server.engine("inspect", "--format={{.Id}} {{.State.StartedAt}}", Home(edge.server.home).edge_name)
