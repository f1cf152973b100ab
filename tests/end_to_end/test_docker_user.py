"""Docker as an ordinary user has it, who may use its daemon: keys and pushes over a real sshd, HTTPS, builds."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from load import Load
from server import App, Checkout
from server.edge import Edge
from server.firewall import opened_between
from server.installation import PROGRAM, created
from server.person import Person
from server.remote import RemoteServer, rootless_server
from server.rotations import answered_until, push_version

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(PROGRAM != "docker", reason="test_rootless.py is an ordinary user's podman"),
]
SECRET = "s3cr3t-of-an-ordinary-user"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteServer]:
    with rootless_server(tmp_path_factory.mktemp("keys")) as server:
        yield server


@pytest.fixture
def app(server: RemoteServer) -> Iterator[App]:
    with created(server) as app:
        yield app


@pytest.fixture
def checkout(server: RemoteServer, tmp_path: Path) -> Checkout:
    """Of who looks after the server, and has a shell there."""
    checkout = Checkout(tmp_path / "checkout")
    checkout.git("config", "core.sshCommand", server.user.ssh_command)
    return checkout


@pytest.fixture
def edge(server: RemoteServer) -> Iterator[Edge]:
    http, https = "127.0.0.1:80", "127.0.0.1:443"  # which the daemon may have; the tests have them to themselves
    server.podshift("edge", "on", "--internal", "--http", http, "--https", https)
    try:
        yield Edge(server, http, https, Path(server.json("edge")["root"]))
    finally:
        server.podshift("edge", "off")


def test_the_engine_is_docker_and_nothing_is_wrong(server: RemoteServer, app: App, checkout: Checkout) -> None:
    assert checkout.push(app).code == 0
    assert server.settings["engine"] == "docker"
    findings = server.json("doctor")
    assert [one for one in findings if one["level"] == "error"] == []
    assert {one["check"] for one in findings} >= {"engine", "builder", "container", "keys"}
    assert "web.1.1 | v1 listens" in server.podshift("logs", app.name).stdout
    archive = server.user.home / "podshift.tar.gz"
    server.podshift("backup", str(archive))
    assert archive.stat().st_uid == server.user.uid


def test_doctor_tries_whether_apps_are_cut_off(server: RemoteServer, app: App, checkout: Checkout) -> None:
    with created(server) as other:
        for one in (app, other):
            assert checkout.push(one).code == 0
        assert "ok      isolation: apps cannot reach each other" in server.podshift("doctor").stdout
        with opened_between(app, other):
            said = server.podshift("doctor", check=False).stdout
        assert "error   isolation: from" in said
        assert "hint: as root: systemctl restart docker" in said


def test_a_key_s_first_push_makes_an_app(server: RemoteServer, tmp_path: Path) -> None:
    ada = Person.of(server.user, "ada")
    server.podshift("keys", "add", "ada", "--admin", stdin=None, input=ada.public)
    checkout = ada.checkout(tmp_path / "checkout")
    try:
        said = checkout.git_said("push", f"{server.user.name}@server:keyed", "main")
        assert "keyed is new, and was made for this push" in said
        assert '"First", pushed by ada' in said
        assert server.get("keyed.localhost") == (200, "hello from v1\n")
        assert json.loads(ada.ssh("status", "keyed", "--json").stdout)["live"] == 1
        done = ada.ssh("run keyed -- sh -c 'cat; exit 7'", input="through standard input")
        assert (done.returncode, done.stdout) == (7, "through standard input")
    finally:
        server.podshift("destroy", "keyed", "--yes", check=False)
        server.podshift("keys", "remove", "ada")


def test_deploys_under_https_lose_nothing(
    server: RemoteServer, edge: Edge, app: App, checkout: Checkout, measured: Callable[[str], None]
) -> None:
    push_version(app, checkout, "v1")
    answer = edge.curl(f"https://{app.host}/headers", "--http2", "--header", "X-Forwarded-For: 6.6.6.6")
    assert (answer["response_code"], answer["http_version"]) == (200, "2")
    assert "x-forwarded-proto: https" in answer["body"]
    assert "6.6.6.6" not in answer["body"]
    with Load(f"https://{edge.https}", host=app.host, authority=edge.root, clients=12) as load:
        load.wait_for(answered_until("v1", load.tally.now() + 1))
        push_version(app, checkout, "v2")
        load.wait_for(answered_until("v2", 0))
    measured(f"a rotation behind an ordinary user's edge, docker: {load.result}")
    assert load.result.failed == 0, load.result
    assert edge.certificates() == [app.host]
    assert "answers on" in {one["check"]: one for one in server.json("doctor")}["edge"]["found"]
    done = server.podshift("edge", "on", "--https", edge.http, check=False)
    assert (done.returncode, "http and https need an address each" in done.stderr) == (1, True)
    assert edge.curl(f"https://{app.host}/")["body"] == "hello from v2"


def test_a_secret_of_a_build(server: RemoteServer, app: App, checkout: Checkout) -> None:
    server.podshift("config", app.name, "set", "--build", "TOKEN", stdin=None, input=SECRET)
    mount = "RUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN && wc -c </run/secrets/TOKEN >version.txt\n"
    before = (checkout.folder / "Containerfile").read_text()
    checkout.commit("Secret", Containerfile=before + mount)
    pushed = checkout.push(app)
    assert "[TOKEN]" in pushed.said, pushed.text
    assert SECRET not in pushed.text
    assert app.get() == (200, f"hello from {len(SECRET)}\n")


def test_what_is_asked_inside_a_container_s_network(server: RemoteServer, app: App, checkout: Checkout) -> None:
    """Which is root's to enter: a text that the answer must have, and an app that is found by its alias."""
    ready = '[web]\nwatch = "0s"\nready = {{ content = "{}", timeout = "{}" }}\n'
    checkout.commit("Content", podshift_toml=ready.format("hello from", "60s"))
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
    checkout.commit("Other content", podshift_toml=ready.format("something else", "5s"))
    assert "does not have 'something else' in it" in checkout.push(app).said
    with created(server, "--proxy", "alias") as aliased:
        checkout.commit("As it was", podshift_toml='[web]\nwatch = "0s"\n')
        for version in ("v1", "v2"):
            checkout.version(version)
            pushed = checkout.push(aliased)
            assert f"{version} takes all requests" in pushed.said, pushed.text
        assert aliased.containers() == [f"{aliased.name}-web-2-1"]
