"""destroy and uninstall: all of it goes, and nothing else."""

import json
import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.engines import take_away
from server.faults import Shim
from server.installation import PODSHIFT, created, installed
from server.traces import of_release, traces
from server.under_way import processes


def objects(server: Server, app: str = "") -> list[str]:
    """Containers and networks that carry this installation's label, and an app's images."""
    label = f"--filter=label=podshift.home={server.home}"
    found = server.engine("ps", "--all", label, "--format={{.Names}}").split()
    found += server.engine("network", "ls", label, "--format={{.Name}}").split()
    images = server.images(f"localhost/podshift/{app}") if app else []
    return [one for one in found if app in one] + images


@pytest.mark.parametrize("command", ["destroy", "uninstall"])
def test_nobody_is_there_to_ask(app: App, checkout: Checkout, command: str) -> None:
    checkout.push(app)
    words = [command, app.name] if command == "destroy" else [command]
    done = app.server.podshift(*words, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "error: this cannot be undone, and nobody is there to ask" in done.stderr
    assert "hint: say --yes" in done.stderr
    assert app.get() == (200, "hello from v1\n")


@pytest.mark.parametrize(("answer", "gone"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_destroy_asks_on_a_terminal(app: App, answer: bytes, gone: bool) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PODSHIFT, "destroy", app.name], env=app.server.environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, answer)
    assert (process.wait(timeout=60) == 0) == gone
    os.close(ours)
    assert (app.name in [one["app"] for one in app.server.json("apps")]) != gone


@pytest.mark.matrix
def test_destroy_takes_all_of_one_app(server: Server, app: App, checkout: Checkout, tmp_path: Path) -> None:
    checkout.push(app)
    with created(server) as other:
        checkout.version("v2")
        checkout.push(other)
        assert objects(server, other.name)
        done = server.podshift("destroy", other.name, "--yes")
        assert f"{other.name} is gone" in done.stdout
        assert objects(server, other.name) == []
        assert not other.repository.exists()
        assert not [path for path in server.home.rglob("*") if other.name in path.name]
        assert other.name not in json.dumps(server.json("apps"))
        assert checkout.push(other).code != 0
        refused = server.podshift("status", other.name, check=False)
        assert refused.returncode == 1
    assert app.get() == (200, "hello from v1\n")
    assert traces(app) == of_release(app, 1)
    with created(server, name=other.name) as again:  # the name is free
        checkout.push(again)
        assert again.get() == (200, "hello from v2\n")


def test_a_proxy_of_the_operators_own_is_no_obstacle(server: Server, checkout: Checkout) -> None:
    with created(server) as app:
        checkout.push(app)
        own, base = f"own-proxy-{app.name}", "localhost/podshift-python"
        server.engine("run", *server.run_options, "--detach", f"--name={own}", base, "sleep", "600")
        try:
            server.engine("network", "connect", f"podshift-{app.name}", own)
            server.podshift("destroy", app.name, "--yes")
            assert server.engine("inspect", "--format={{.State.Running}}", own).strip() == "true"
        finally:
            take_away(server, own)
        assert objects(server, app.name) == []


def test_what_breaks_off_can_be_done_again(server: Server, checkout: Checkout, shim: Shim) -> None:
    with created(server) as app:
        checkout.push(app)
        shim.engine(" network rm ", "echo no such luck >&2; exit 1")
        done = server.podshift("destroy", app.name, "--yes", check=False)
        assert (done.returncode, "network failed with status 1" in done.stderr) == (1, True)
        assert f"hint: podshift destroy {app.name} goes on where it broke off" in done.stderr
        shim.off()
        assert f"{app.name} is gone" in server.podshift("destroy", app.name, "--yes").stdout
        assert objects(server, app.name) == []
        assert not [path for path in server.home.rglob("*") if app.name in path.name]
        assert "there is no app" in server.podshift("destroy", app.name, "--yes", check=False).stderr


def test_uninstall_leaves_nothing_and_touches_nothing_else(app: App, checkout: Checkout, tmp_path: Path) -> None:
    checkout.push(app)
    before = objects(app.server)
    with installed(tmp_path / "second" / "home") as second, created(second) as one, created(second):
        checkout.push(one)
        assert objects(second)
        settings = second.settings
        done = second.podshift("uninstall", "--yes")
        assert f"removed {second.home}" in done.stdout
        assert not second.home.exists()
        label = f"--filter=label=podshift.home={second.home}"
        engine = app.server.engine
        assert engine("ps", "--all", label, "--format={{.Names}}") == ""
        assert engine("network", "ls", label, "--format={{.Name}}") == ""
        assert engine("volume", "ls", label, "--format={{.Name}}") == ""
        assert app.server.images(f"localhost/podshift/{one.name}") == []
        assert settings["proxy_image"] not in app.server.images(settings["proxy_image"].rpartition(":")[0])
    assert objects(app.server) == before
    assert app.get() == (200, "hello from v1\n")
    assert processes(app.server) == []


def test_uninstall_needs_no_proxy(tmp_path: Path) -> None:
    """Somebody else has its port by now."""
    with installed(tmp_path / "home") as server, created(server):
        label = f"--filter=label=podshift.home={server.home}"
        (proxy,) = server.engine("ps", label, "--format={{.Names}}").split()
        server.engine("rm", "--force", proxy)
        with socket.create_server(("127.0.0.1", server.port)):
            assert f"removed {server.home}" in server.podshift("uninstall", "--yes").stdout
        assert not server.home.exists()


def test_uninstall_leaves_what_an_operator_made(tmp_path: Path) -> None:
    with installed(tmp_path / "home") as server:
        own = server.home / "templates" / "run.args.j2"
        own.write_text("# mine\n")
        done = server.podshift("uninstall", "--yes")
        assert str(own) in done.stdout
        assert [path for path in server.home.rglob("*") if path.is_file()] == [own]
