"""What the commands print and how they end: the part of the contract that scripts rely on."""

import json
import re
import secrets
import socket
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import PROGRAM, created, free_port


@pytest.fixture
def live(app: App, checkout: Checkout) -> App:
    """An app with a release that was replaced, one that failed, and one that is live."""
    checkout.push(app)
    checkout.version("v2", "crash")
    checkout.push(app)
    checkout.version("v3")
    checkout.push(app)
    return app


def test_what_there_is(live: App, checkout: Checkout) -> None:
    commit = checkout.git("rev-parse", "HEAD")
    status(live, commit)
    releases(live, commit)
    assert live.name in [one["app"] for one in live.server.json("apps")]
    output(live)
    render(live, commit)


def status(app: App, commit: str) -> None:
    found = app.status()
    assert {"app", "live", "commit", "urls", "deploying", "processes"} <= found.keys()
    assert (found["app"], found["live"], found["commit"], found["deploying"]) == (app.name, 3, commit, None)
    assert found["urls"] == [f"http://{app.host}:{app.server.port}/"]
    container = {"container": f"{app.name}-web-3-1", "state": "running", "upstream": "up"}
    assert found["processes"] == {"web": [container]}
    assert app.server.json("status") != []
    text = app.server.podshift("status", app.name).stdout
    assert f'{app.name}: v3 {commit[:7]} "Version v3"' in text
    assert f"{app.name}-web-3-1" in text


def releases(app: App, commit: str) -> None:
    found = app.releases()
    assert [(one["number"], one["state"]) for one in found] == [(3, "live"), (2, "failed"), (1, "retired")]
    newest, failed, _ = found
    keys = {"number", "commit", "image", "state", "by", "at", "seconds", "error", "rollback_of"}
    assert keys <= newest.keys()
    assert newest["commit"] == commit
    assert newest["image"] == f"localhost/podshift/{app.name}:v3"
    assert newest["by"]
    age = datetime.now().astimezone() - datetime.fromisoformat(newest["at"])
    assert timedelta(0) <= age + timedelta(seconds=1) < timedelta(minutes=5)
    assert 0 < newest["seconds"] < 60
    assert (newest["error"], newest["rollback_of"]) == (None, None)
    assert "exited at start" in failed["error"]
    rows = app.server.podshift("releases", app.name).stdout.splitlines()
    assert [row.split()[:2] for row in rows[1:]] == [["v3", "live"], ["v2", "failed"], ["v1", "retired"]]


def output(app: App) -> None:
    assert f"success: {app.name} v3" in app.server.podshift("output", app.name).stdout
    assert "start, line 30" in app.server.podshift("output", app.name, "v2").stdout
    refused(app.server, "output", app.name, "v9", says=f"{app.name} has no release v9", hint="podshift releases")
    refused(app.server, "output", app.name, "newest", says="'newest' is no release", hint="such as v12")
    refused(app.server, "output", app.name, f"v{'9' * 20}", says=f"'v{'9' * 20}' is no release", hint="such as v12")


def render(app: App, commit: str) -> None:
    lines = app.server.podshift("render", app.name).stdout.splitlines()
    assert f"--name={app.name}-web-3-1" in lines
    assert f"--label=podshift.commit={commit}" in lines
    assert f"--network-alias={app.name}" in lines
    assert "--stop-timeout=10" in lines


def refused(server: Server, *words: str, says: str, hint: str) -> None:
    done = server.podshift(*words, check=False)
    assert done.returncode == 1, done
    assert f"error: {says}" in done.stderr
    assert f"hint: {hint}" in done.stderr
    assert not done.stdout


def test_before_the_first_push(app: App) -> None:
    assert app.status()["live"] is None
    assert app.status()["processes"] == {}
    assert app.releases() == []
    assert "has no releases yet" in app.server.podshift("releases", app.name).stdout
    refused(app.server, "output", app.name, says=f"{app.name} has no releases yet", hint="git push")
    refused(app.server, "rollback", app.name, says=f"{app.name} has no earlier release", hint="podshift releases")
    refused(app.server, "cancel", app.name, says=f"nothing is under way for {app.name}", hint="podshift status")
    refused(app.server, "logs", app.name, says=f"{app.name} has no container", hint="podshift status")
    assert app.get()[0] == 503


def test_create_prints_what_to_paste(server: Server, checkout: Checkout) -> None:
    with created(server, "--domain", "shop.example", "--branch", "trunk") as app:
        made = next(one for one in server.json("apps") if one["app"] == app.name)
        assert made["domains"] == ["shop.example"]
        assert checkout.push(app, refs=("main:trunk",)).code == 0
        assert server.get("shop.example") == (200, "hello from v1\n")
        refused(server, "create", app.name, says=f"there is an app {app.name} already", hint="podshift status")
    name = f"pasted-{secrets.token_hex(3)}"
    try:
        said = server.podshift("create", name).stdout
        assert "git remote add production ssh://" in said
        assert f"/repositories/{name}.git" in said
        assert "git push production main" in said
    finally:
        server.podshift("destroy", name, "--yes", check=False)


def test_the_gate_of_an_app_can_be_changed(app: App, checkout: Checkout) -> None:
    assert app.server.podshift("gate", app.name).stdout == f"the gate of {app.name} is off\n"
    app.server.podshift("gate", app.name, "on")
    assert app.server.podshift("gate", app.name).stdout == f"the gate of {app.name} is on\n"
    checkout.version("v1", "crash")
    assert checkout.push(app).code == 1
    app.server.podshift("gate", app.name, "off")
    assert checkout.push(app).code == 0


@pytest.mark.parametrize("words", [["nonsense"], ["status", "--nope"], ["create"], ["gate", "x", "ajar"], ["scale"]])
def test_usage_errors(server: Server, words: list[str]) -> None:
    done = server.podshift(*words, check=False)
    assert done.returncode == 2
    assert "Error: " in done.stderr


def test_every_command_has_help(server: Server) -> None:
    commands = server.podshift("--help").stdout.partition("Commands:")[2].split("\n  ")[1:]
    names = [line.split()[0] for line in commands if not line.startswith(" ")]
    assert len(names) > 15
    for name in names:
        assert server.podshift(name, "--help").stdout.startswith(f"Usage: podshift {name}")


def test_an_address_that_somebody_else_listens_on(tmp_path: Path) -> None:
    port = free_port()
    server = Server(tmp_path / "home", port)
    with socket.create_server(("127.0.0.1", port)):
        done = server.podshift("init", "--listen", f"127.0.0.1:{port}", "--engine", PROGRAM, check=False)
    try:
        assert done.returncode == 1
        assert f"error: the proxy cannot listen on 127.0.0.1:{port}: somebody else does\nhint: ss -ltnp" in done.stderr
        assert "podshift init --listen" in done.stderr
    finally:
        server.podshift("uninstall", "--yes", check=False)


def test_without_an_installation(tmp_path: Path) -> None:
    nobody = Server(tmp_path / "home", 0)
    for words in (["status"], ["create", "hello"], ["up"], ["uninstall", "--yes"]):
        refused(nobody, *words, says="there is no installation in", hint="podshift init")
    assert not nobody.home.exists()


@pytest.mark.matrix
def test_doctor_finds_a_proxy_that_stands_still(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    server = app.server
    assert server.podshift("doctor", check=False).returncode == 0
    label = f"--filter=label=podshift.home={server.home}"
    proxy = server.engine("ps", label, "--filter=label=podshift.role=proxy", "--format={{.Names}}").strip()
    server.engine("stop", "--time=0", proxy)
    done = server.podshift("doctor", check=False)
    assert done.returncode == 1
    assert re.search(r"^error +proxy: it does not answer\n +hint: podshift up$", done.stdout, re.MULTILINE), done.stdout
    findings = {one["check"]: one for one in json.loads(server.podshift("doctor", "--json", check=False).stdout)}
    assert {"ok": False, "fix": "podshift up"}.items() <= findings["proxy"].items()
    assert findings["engine"]["ok"]
    server.podshift("up")
    assert server.podshift("doctor", check=False).returncode == 0
    assert app.get() == (200, "hello from v1\n")
