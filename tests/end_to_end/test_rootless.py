"""The same rootless: an ordinary user's installation, pushed to over a real sshd."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podshift.engine.firewall import JUMP, PASSED
from server import App, Checkout
from server.edge import Edge, edge_addresses
from server.inside import address, reach
from server.installation import created
from server.remote import RemoteServer, rootless_server
from server.rotations import ROTATIONS, VERSIONS, push_under_load

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make an ordinary user and their sshd")


@pytest.fixture(scope="module")
def rootless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteServer]:
    with rootless_server(tmp_path_factory.mktemp("keys")) as server:
        yield server


@pytest.fixture
def app(rootless: RemoteServer) -> Iterator[App]:
    with created(rootless) as app:
        yield app


@pytest.fixture
def checkout(rootless: RemoteServer, tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path / "checkout")
    checkout.git("config", "core.sshCommand", rootless.user.ssh_command)
    return checkout


def test_not_one_request_is_lost(app: App, checkout: Checkout, measured: Callable[[str], None]) -> None:
    result = push_under_load(app, checkout)
    measured(f"{ROTATIONS} rotations, rootless, pushed over ssh: {result}")
    assert result.failed == 0, result
    assert list(result.versions) == VERSIONS


def test_a_session_without_a_runtime_folder_is_no_other_engine(app: App, checkout: Checkout) -> None:
    """cron, su, a server without pam_systemd: podman alone would look for its containers elsewhere."""
    checkout.push(app)
    user = app.server.user
    done = user.ssh("env", "-u", "XDG_RUNTIME_DIR", str(user.checkout / "bin/podshift"), "restart", app.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert app.containers() == [f"{app.name}-web-1-2"]
    assert app.get() == (200, "hello from v1\n")


def test_the_proxy_stays_in_reach_when_the_last_app_goes(rootless: RemoteServer) -> None:
    for _ in range(2):
        with created(rootless) as app:
            status, body = app.get()
            assert (status, body.strip()) == (503, "This app has nothing running just now.")


def test_an_app_that_cannot_be_made_leaves_nothing(rootless: RemoteServer) -> None:
    """Its network was there already, with no container but the proxy: that starts anew when it leaves."""
    name = "of-no-branch"
    done = rootless.podshift("create", name, "--branch", "a..b", check=False)
    assert (done.returncode, "is no branch name" in done.stderr) == (1, True)
    assert name not in rootless.engine("network", "ls", "--format={{.Name}}")
    with created(rootless) as app:
        assert app.get()[0] == 503


def test_it_says_what_the_container_listens_on(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.commit("Wrong port", behaviour_txt="wrong-port\n", podshift_toml='[web]\nready = { timeout = "2s" }\n')
    said = checkout.push(app).said
    assert "nothing listens on port 8080" in said
    assert "the container listens on 0.0.0.0:8081" in said
    assert app.get() == (200, "hello from v1\n")


def test_a_container_that_dies_is_started_again(app: App, checkout: Checkout) -> None:
    """By the engine's own watcher, in the session that it was started in."""
    checkout.push(app)
    assert app.post("/exit")[0] == 502
    assert app.get() == (200, "hello from v1\n")  # the proxy lets it wait for an upstream
    assert app.containers() == [f"{app.name}-web-1-1"]


def test_up_brings_everything_back_after_a_reboot(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    app.server.user.reboot()
    app.server.podshift("up")
    assert app.get() == (200, "hello from v1\n")
    assert app.containers() == [f"{app.name}-web-1-1"]


@pytest.mark.matrix
def test_an_app_that_is_found_by_its_alias_is_asked_inside_its_network(
    rootless: RemoteServer, checkout: Checkout
) -> None:
    with created(rootless, "--proxy", "alias") as app:
        for version in ("v1", "v2"):
            checkout.version(version)
            pushed = checkout.push(app)
            assert f"{version} takes all requests" in pushed.said, pushed.text
        assert app.containers() == [f"{app.name}-web-2-1"]


def test_an_ordinary_user_keeps_house(app: App, checkout: Checkout, rootless: RemoteServer) -> None:
    checkout.push(app)
    found = {one["check"]: one for one in rootless.json("doctor")}
    assert [one for one in found.values() if one["level"] == "error"] == []
    assert found["ranges"]["ok"]
    assert found["session"]["ok"]
    assert "web.1.1 | v1 listens" in rootless.podshift("logs", app.name).stdout
    assert rootless.podshift("prune").stdout == f"{app.name}: 0 images and 0 logs removed\n"
    assert "systemd does not run here" in rootless.podshift("install-service", check=False).stderr
    units = sorted((rootless.user.home / ".config/systemd/user").glob("podshift*"))
    assert [unit.name for unit in units] == ["podshift-prune.service", "podshift-prune.timer", "podshift.service"]
    verified = rootless.user.ssh("systemd-analyze", "--user", "--man=no", "verify", *map(str, units))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    archive = rootless.user.home / "podshift.tar.gz"
    rootless.podshift("backup", str(archive))
    assert (archive.stat().st_mode & 0o777, archive.stat().st_uid) == (0o600, rootless.user.uid)


def test_apps_cannot_reach_each_other_but_by_a_link(rootless: RemoteServer, app: App, checkout: Checkout) -> None:
    with created(rootless) as other:
        checkout.push(other)
        rootless.podshift("allow", app.name, f"link:{other.name}")
        checkout.commit("Link", podshift_toml=f'links = ["{other.name}"]\n[web]\nwatch = "0s"\n')
        assert checkout.push(app).code == 0
        with created(rootless):
            pass  # the end of one opens no way between the others
        assert reach(app, address(other), 8080) == "TimeoutError"
        for rule in (JUMP, PASSED):
            rootless.engine("unshare", "--rootless-netns", "/usr/sbin/iptables", "--wait", "5", "--check", *rule)
        assert reach(app, other.name, 80).endswith("hello from v1")
        rootless.podshift("allow", app.name, f"link:{other.name}", "--remove")
        assert "No link to this app was granted." in reach(app, other.name, 80)


def test_doctor_sees_an_emptied_firewall_and_typing_its_fix_fills_it(
    rootless: RemoteServer, app: App, checkout: Checkout
) -> None:
    with created(rootless) as other:
        for one in (app, other):
            checkout.push(one)
        rootless.engine("unshare", "--rootless-netns", "/usr/sbin/iptables", "--wait", "5", "--flush")
        assert reach(app, address(other), 8080).endswith("hello from v1")
        told = json.loads(rootless.podshift("doctor", "--json", check=False).stdout)
        (found,) = [one for one in told if one["level"] == "error"]
        assert found["check"] == "isolation"
        for program, *words in map(str.split, found["fix"].split("; ")):
            {"podman": rootless.engine, "podshift": rootless.podshift}[program](*words)
        assert reach(app, address(other), 8080) == "TimeoutError"
        assert app.get() == (200, "hello from v1\n")


@pytest.mark.matrix
def test_the_https_edge_of_an_ordinary_user(app: App, checkout: Checkout, rootless: RemoteServer) -> None:
    checkout.push(app)
    http, https = edge_addresses()
    try:
        said = rootless.podshift("edge", "on", "--internal", "--http", http, "--https", https).stdout
        edge = Edge(rootless, http, https, Path(rootless.json("edge")["root"]))
        answer = edge.curl(f"https://{app.host}/headers", "--http2", "--header", "X-Forwarded-For: 6.6.6.6")
        assert (answer["response_code"], answer["http_version"]) == (200, "2"), said
        assert "x-forwarded-proto: https" in answer["body"]
        assert "6.6.6.6" not in answer["body"]
        assert rootless.podshift("edge", "on", "--https", "127.0.0.1:1", check=False).returncode == 1
        rootless.user.reboot()
        rootless.podshift("up")
        assert edge.curl(f"https://{app.host}/")["body"].startswith("hello from v1")
    finally:
        rootless.podshift("edge", "off")
