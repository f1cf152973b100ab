"""The same with docker, whose daemon is one of the tests' own. `bin/test --matrix` runs all the other files on it."""

import http.client
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from server import App, Checkout, Server
from server.docker import BASE_IMAGE, Docker, docker_running
from server.installation import ENGINE, PODSHIFT, created, installed
from server.rotations import ROTATIONS, VERSIONS, push_under_load

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or ENGINE != "podman", reason="needs root; and the matrix has more")


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    with docker_running() as docker:
        yield docker


@pytest.fixture(scope="module")
def server(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with installed(tmp_path_factory.mktemp("server") / "home", "--engine", "docker") as server:
        yield server


def test_not_one_request_is_lost(app: App, checkout: Checkout, measured: Callable[[str], None]) -> None:
    """And what earlier releases printed is still to be read, and to go back to."""
    result = push_under_load(app, checkout)
    measured(f"{ROTATIONS} rotations, docker: {result}")
    assert result.failed == 0, result
    assert list(result.versions) == VERSIONS
    assert app.containers() == [f"{app.name}-web-{ROTATIONS + 1}-1"]
    app.server.podshift("rollback", app.name)
    assert app.get() == (200, f"hello from {VERSIONS[-2]}\n")
    printed = app.server.podshift("logs", app.name, "-n", "1000").stdout
    containers = [line.split(" | ")[0] for line in printed.splitlines() if " listens" in line]
    assert containers == [f"web.{number}.1" for number in range(1, ROTATIONS + 3)]


def test_connections_stay_when_an_app_comes_and_goes(server: Server) -> None:
    """Docker would publish the port anew from the network that is first by name, were it another one then."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def ask() -> tuple[int, object]:
        connection.request("GET", "/", headers={"Host": "nobody.example"})
        response = connection.getresponse()
        response.read()
        return response.status, connection.sock

    status, opened = ask()
    with created(server, "--domain", "first.example", name="a-first-by-name"):
        assert ask() == (status, opened)
    assert ask() == (404, opened)
    connection.close()


def test_a_daemon_that_starts_anew_brings_the_apps_back(app: App, checkout: Checkout, docker: Docker) -> None:
    checkout.push(app)
    docker.end()
    done = app.server.podshift("restart", app.name, check=False)
    assert done.returncode == 1
    assert "the docker daemon does not answer" in done.stdout + done.stderr
    docker.start()
    app.server.podshift("up")
    assert app.get() == (200, "hello from v1\n")
    assert [one for one in app.server.json("doctor") if one["level"] == "error"] == []


def test_a_daemon_out_of_reach_is_told_with_what_to_type(server: Server) -> None:
    def init(host: str, *options: str) -> str:
        environment = {**server.environment, "PODSHIFT_HOME": f"{server.home}-other", "DOCKER_HOST": host}
        command = [PODSHIFT, "init", "--engine", "docker", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stdout
        return done.stderr

    said = init(f"unix://{server.home}/no.sock", "--listen", "127.0.0.1:1")
    assert "error: the docker daemon does not answer" in said.splitlines()[1]
    assert "hint: as root: systemctl start docker" in said
    assert "is not on this machine" in init("tcp://127.0.0.1:2375")
    said = server.podshift("init", "--engine", "podman", check=False).stderr
    assert "this installation works with docker" in said


def test_uninstall_leaves_nothing(app: App, checkout: Checkout, docker: Docker) -> None:
    """The last test here: the installation is gone then."""

    def listed(*question: str) -> list[str]:
        return docker.daemon.docker(*question).split()

    server = app.server
    checkout.commit("Volume", podshift_toml='[web]\nwatch = "0s"\nvolumes = { data = "/data" }\n')
    assert checkout.push(app).code == 0
    assert listed("volume", "ls", "--quiet") == [f"{app.name}.data"]
    server.podshift("uninstall", "--volumes", "--yes")
    assert not server.home.exists()
    assert listed("ps", "--all", "--quiet") == []
    assert listed("volume", "ls", "--quiet") == []
    assert sorted(listed("network", "ls", "--format={{.Name}}")) == ["bridge", "host", "none"]
    assert listed("images", "--all", "--format={{.Repository}}:{{.Tag}}") == [BASE_IMAGE]
