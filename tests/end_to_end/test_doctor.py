"""doctor: what is wrong, each with what to type; and typing it mends it."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podshift.deploy.checks import machine
from podshift.deploy.checks.finding import Level
from podshift.settings import Settings
from server import App, Checkout, Server
from server.engines import PROGRAM, take_away
from server.installation import PODSHIFT, created, free_port, installed, wait_until

HEALTHY = {
    "version": {"Version": "4.3.1"},
    "host": {
        "ociRuntime": {"name": "crun", "path": "/bin/sh"}, "cgroupVersion": "v2", "cgroupManager": "systemd",
        "networkBackend": "netavark",
    },
    "store": {"graphDriverName": "overlay"},
}  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation that may be broken."""
    with installed(tmp_path_factory.mktemp("doctor") / "home") as server:
        yield server


def findings(server: Server) -> dict[str, Any]:
    """By check; and every finding that is not fine says what to type."""
    done = server.podshift("doctor", "--json", check=False)
    found = json.loads(done.stdout)
    assert all(one["fix"] for one in found if not one["ok"]), found
    assert done.returncode == any(one["level"] == "error" for one in found)
    return {one["check"]: one for one in found}


def errors(server: Server) -> dict[str, Any]:
    return {check: one for check, one in findings(server).items() if one["level"] == "error"}


def test_all_is_well(own: Server, checkout: Checkout) -> None:
    with created(own) as app:
        checkout.push(app)
        found = findings(own)
        assert errors(own) == {}
        assert found["container"]["ok"]
        assert found["proxy"]["found"] == f"answers on 127.0.0.1:{own.port}"
        assert found[f"app {app.name}"]["found"] == "runs what the records say"
        text = own.podshift("doctor").stdout
    assert f"ok      engine: {PROGRAM} " in text
    assert "warning units: after a reboot nothing brings the apps up\n        hint: podshift install-service\n" in text


def test_faults_are_found_and_typing_the_fixes_mends_them(own: Server, checkout: Checkout) -> None:
    with created(own) as app:
        checkout.push(app)
        label = f"--filter=label=podshift.home={own.home}"
        proxy = own.engine("ps", label, "--filter=label=podshift.role=proxy", "--format={{.Names}}").strip()
        take_away(own, f"{app.name}-web-1-1", proxy)
        (app.repository / "hooks" / "post-receive").write_text("#!/bin/sh\n# somebody else's\n")
        found = errors(own)
        assert {check: one["found"] for check, one in found.items()} == {
            "proxy": "it does not answer",
            "hooks": f"{app.repository}/hooks/post-receive is not this podshift's",
            f"app {app.name}": f"{app.name}-web-1-1 missing",
        }
        for one in found.values():
            own.podshift(*one["fix"].split()[1:])
        assert errors(own) == {}
        assert app.get() == (200, "hello from v1\n")


@pytest.mark.matrix
def test_settings_that_say_another_address_than_the_proxy_has(own: Server, checkout: Checkout) -> None:
    """An older settings.toml was put back, or somebody edited it."""
    file, moved = own.home / "settings.toml", Server(own.home, free_port())
    before = file.read_text()
    with created(own) as app:
        checkout.push(app)
        label = f"--filter=label=podshift.home={own.home}"
        proxy = own.engine("ps", label, "--filter=label=podshift.role=proxy", "--format={{.Names}}").strip()
        for now, earlier in ((moved, own), (own, moved)):
            file.write_text(before.replace(str(own.port), str(now.port)))
            found = errors(own)["proxy"]
            assert (
                found["found"] == f"it listens on 127.0.0.1:{earlier.port}, and settings.toml says 127.0.0.1:{now.port}"
            )
            assert found["fix"] == "podshift init"
            assert f"proxy: HAProxy listens on 127.0.0.1:{now.port}, from" in own.podshift("init").stdout
            assert own.engine("port", proxy).split()[-1] == f"127.0.0.1:{now.port}"
            assert now.get(app.host) == (200, "hello from v1\n")
        identity = own.engine("inspect", "--format={{.Id}}", proxy)
        own.podshift("init")
        assert own.engine("inspect", "--format={{.Id}}", proxy) == identity
        assert errors(own) == {}


def test_status_says_what_is_broken(own: Server, checkout: Checkout) -> None:
    """The proxy that is silent, and the container that is not there."""
    with created(own) as app:
        checkout.push(app)
        name = f"{app.name}-web-1-1"
        assert app.status()["proxy_answers"] is True
        assert own.podshift("status", app.name).stdout.splitlines()[-1].split() == [name, "running", "up"]
        label = f"--filter=label=podshift.home={own.home}"
        proxy = own.engine("ps", label, "--filter=label=podshift.role=proxy", "--format={{.Names}}").strip()
        take_away(own, name, proxy)
        found = app.status()
        assert found["proxy_answers"] is False
        assert found["processes"] == {"web": [{"container": name, "state": "missing", "upstream": None}]}
        lines = own.podshift("status", app.name).stdout.splitlines()
        assert lines[0] == "proxy: it does not answer; podshift up"
        assert lines[-1].split() == [name, "missing"]
        own.podshift("up")


def test_a_container_that_is_started_again_for_ever(own: Server, checkout: Checkout) -> None:
    job = '[process.job]\ncommand = "sleep 5; exit 1"\nready = { timeout = "1s" }\n'
    with created(own) as app:
        checkout.commit("Job", podshift_toml=f'[web]\nwatch = "0s"\n{job}')
        checkout.push(app)
        name = f"{app.name}-job-1-1"
        wait_until(lambda: findings(own)[f"app {app.name}"]["level"] == "warning", seconds=60, what="a restart")
        found = findings(own)[f"app {app.name}"]
        if found["level"] == "warning":  # else it has ended just now
            assert found["found"].startswith(f"{name} was started again ")
            assert found["fix"] == f"podshift logs {app.name} --process job"


def test_a_commit_whose_deploy_never_began(own: Server, checkout: Checkout) -> None:
    """git has moved the branch, and the machine loses its power before post-receive comes to its first line."""
    with created(own) as app:
        checkout.push(app)
        assert "branch" not in findings(own)
        hook = app.repository / "hooks" / "post-receive"
        kept = hook.read_text()
        hook.write_text("#!/bin/sh\nexit 1\n")
        checkout.version("v2")
        checkout.push(app)
        hook.write_text(kept)
        found = findings(own)["branch"]
        assert found["level"] == "warning"
        assert found["found"].startswith(f"main of {app.name} is at ")
        own.podshift(*found["fix"].split()[1:])
        assert app.get() == (200, "hello from v2\n")
        assert "branch" not in findings(own)
        checkout.version("v3")
        checkout.push(app, "-o", "skip")
        assert "branch" not in findings(own)


def test_containers_of_nobody(own: Server, app: App, checkout: Checkout) -> None:
    """The image is of the shared server; only the label decides whose a container is."""
    checkout.push(app)
    labels = [f"--label=podshift.home={own.home}", "--label=podshift.app=gone"]
    image = f"localhost/podshift/{app.name}:v1"
    own.engine("run", *own.run_options, "--detach", f"--name=gone-{app.name}", *labels, image)
    found = findings(own)["strays"]
    assert found["level"] == "warning"
    own.engine(*shlex.split(found["fix"])[1:])
    assert "strays" not in findings(own)


def test_a_machine_that_is_not_set_up(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", 0)
    found = findings(server)
    assert found["installation"]["fix"] == "podshift init"
    assert found["git"]["ok"]
    assert not (tmp_path / "home").exists()
    bare = {**server.environment, "PATH": str(tmp_path)}
    done = subprocess.run([sys.executable, PODSHIFT, "doctor"], env=bare, capture_output=True, text=True)
    assert done.returncode == 1
    assert "error   git: there is none\n        hint: apt install git\n" in done.stdout
    assert "hint: apt install docker" in done.stdout or "hint: apt install podman" in done.stdout


@pytest.mark.parametrize(
    ("change", "check", "level", "fix"),
    [
        ({}, "engine", "ok", ""),
        ({"version": {"Version": "3.4.4"}}, "engine", "error", "apt install podman"),
        ({"store": {"graphDriverName": "vfs"}}, "storage", "warning", 'driver = "overlay"'),
        ({"networkBackend": "cni"}, "dns", "warning", "apt install netavark aardvark-dns"),
        ({"ociRuntime": {"name": "crun", "path": "/nowhere/crun"}}, "runtime", "error", "apt install crun"),
    ],
)
def test_an_engine_that_lacks_something(
    tmp_path: Path, change: dict[str, Any], check: str, level: str, fix: str
) -> None:
    host = {**HEALTHY["host"], **{key: value for key, value in change.items() if key in HEALTHY["host"]}}
    info = {**HEALTHY, **{key: value for key, value in change.items() if key in HEALTHY}, "host": host}
    (tmp_path / "info.json").write_text(json.dumps(info))
    fake = tmp_path / "podman"
    fake.write_text(f"#!/bin/sh\nexec cat {tmp_path}/info.json\n")
    fake.chmod(0o755)
    environment = {**os.environ, "PODSHIFT_HOME": str(tmp_path / "home"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([PODSHIFT, "doctor", "--json"], env=environment, capture_output=True, text=True)
    (found,) = [one for one in json.loads(done.stdout) if one["check"] == check]
    assert found["level"] == level
    assert fix in found["fix"]


def test_subordinate_ids_are_counted_by_name_and_by_number() -> None:
    text = f"ada:100000:65536\nbob:165536:65536\n{os.getuid()}:300000:1000\nada:nonsense\n# ada:1:2\n"
    assert machine.subordinate_ids(text, "ada") == 66536
    assert machine.subordinate_ids("", "ada") == 0


def test_a_port_that_only_root_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = tmp_path / "ip_unprivileged_port_start"
    start.write_text("1024\n")
    monkeypatch.setattr(machine, "UNPRIVILEGED_PORTS", start)
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)  # type: ignore[attr-defined]
    (found,) = machine.check_ports(Settings(listen="0.0.0.0:80"))
    assert found.level is Level.ERROR
    assert "net.ipv4.ip_unprivileged_port_start=80" in found.fix
    (found,) = machine.check_ports(Settings(listen="0.0.0.0:8080"))
    assert found.ok


def test_a_clock_that_went_back() -> None:
    (found,) = machine.check_clock(newest=4_000_000_000.0)
    assert found.level is Level.WARNING
    assert "behind the newest release" in found.found
    (found,) = machine.check_clock(newest=1_000_000_000.0)
    assert found.level is not Level.ERROR
