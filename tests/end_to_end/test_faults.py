"""Faults at every step, under load: no request is lost, and the next push works, with nothing left behind."""

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from load import Load
from server import App, Checkout, Server
from server.engines import BUILT, STEP
from server.installation import created, installed, wait_until
from server.traces import of_release, traces
from server.under_way import deployer, finished, holder, log_of, nothing_runs

BOUNDARIES = (STEP, BUILT, "start ", "takes all requests")
FEW, MANY = 2, 50


def short(cases: Sequence[str], *kept: str) -> list[Any]:
    """All of them with `bin/test --faults`, only those kept without."""
    return [case if case in kept else pytest.param(case, marks=pytest.mark.faults) for case in cases]


SHIM = """#!/bin/bash
# The engine, but for one kind of call.
case " $* " in *"{call}"*) {instead};; esac
exec {engine} "$@"
"""


@contextmanager
def under_load(app: App) -> Iterator[None]:
    """Clients that never retry, from before to after; not one of their requests may fail."""
    with Load(app.server.url, host=app.host, clients=8, slow_clients=1) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        yield
    assert load.result.failed == 0, load.result


def kill_the_deployer(app: App) -> None:
    """Whoever holds the app's lock; nobody, when the deploy has just ended."""
    with suppress(AssertionError, ProcessLookupError):
        os.kill(deployer(app), signal.SIGKILL)


def an_ordinary_push_works(app: App, checkout: Checkout, version: str) -> None:
    """And afterwards there is nothing that does not belong."""
    checkout.version(version)
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
    assert app.get() == (200, f"hello from {version}\n")
    assert holder(app) is None
    live = app.releases()[0]["number"]
    wanted, found = of_release(app, live), traces(app)
    assert found.containers == wanted.containers
    assert found.upstreams == wanted.upstreams
    assert found.scratch == ()
    states = app.states()
    assert set(states[:-1]) <= {"retired", "failed", "cancelled", "superseded"}, states


@pytest.mark.parametrize("boundary", short(BOUNDARIES, BUILT, "takes all requests"))
def test_a_deployer_killed_at_a_step(app: App, checkout: Checkout, boundary: str) -> None:
    checkout.push(app)
    with under_load(app):
        checkout.version("v2")
        push = checkout.start_push(app)
        log = log_of(app, 2)
        wait_until(lambda: log.exists() and boundary in log.read_text(), what=boundary)
        kill_the_deployer(app)
        finished(push)
        an_ordinary_push_works(app, checkout, "v3")


def killed_at_instants(app: App, checkout: Checkout, count: int) -> None:
    checkout.push(app)
    checkout.version("measured")
    began = time.monotonic()
    checkout.push(app)
    length = time.monotonic() - began
    instants = random.Random(2026)  # the same instants in every run
    with under_load(app):
        for number in range(count):
            checkout.version(f"v{number}a")
            push = checkout.start_push(app)
            wait_until(lambda push=push: holder(app) is not None or push.poll() is not None, what="the deploy")
            # The one wait for nothing but time: a random instant is what is tried here.
            time.sleep(instants.random() * length)
            kill_the_deployer(app)
            finished(push)
            an_ordinary_push_works(app, checkout, f"v{number}b")


@pytest.mark.faults
def test_a_deployer_killed_at_a_few_random_instants(app: App, checkout: Checkout) -> None:
    killed_at_instants(app, checkout, FEW)


@pytest.mark.faults
def test_a_deployer_killed_at_many_random_instants(app: App, checkout: Checkout) -> None:
    killed_at_instants(app, checkout, MANY)


@pytest.fixture
def shim(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """shim(call, instead): the engine does something else when its command line has `call` in it."""
    folder = tmp_path / "shim"
    folder.mkdir()
    program = app.server.settings["engine"]
    engine = shutil.which(program)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def put(call: str, instead: str) -> None:
        path = folder / program
        path.write_text(SHIM.format(call=call, instead=instead, engine=engine))
        path.chmod(0o755)

    return put


@pytest.mark.parametrize("call", short([" build ", " --detach ", " image inspect "], " build ", " --detach "))
def test_an_engine_command_that_fails(
    app: App, checkout: Checkout, shim: Callable[[str, str], None], call: str
) -> None:
    checkout.push(app)
    with under_load(app):
        shim(call, "echo Error: out of luck >&2; exit 125")
        checkout.version("v2")
        pushed = checkout.push(app)
        assert "out of luck" in pushed.said
        assert "v1" in pushed.said.split("error:")[-1] or "still serves" in pushed.said
        assert app.get() == (200, "hello from v1\n")
        shim("no such call", "true")
        an_ordinary_push_works(app, checkout, "v3")


@pytest.mark.parametrize("call", short([" build ", " --detach ", " rm "], " --detach "))
def test_an_engine_command_that_hangs(
    app: App, checkout: Checkout, shim: Callable[[str, str], None], call: str
) -> None:
    file = app.server.home / "settings.toml"
    settings = file.read_text()
    checkout.push(app)
    with under_load(app):
        shim(call, "exec sleep 600")
        impatient = settings.replace("engine_seconds = 120", "engine_seconds = 5")
        file.write_text(impatient.replace("build_seconds = 3600", "build_seconds = 5"))
        try:
            checkout.version("v2")
            pushed = checkout.push(app)
        finally:
            file.write_text(settings)
        assert ("the build was ended after 5 s" if call == " build " else "did not end within 5 s") in pushed.said
        shim("no such call", "true")
        an_ordinary_push_works(app, checkout, "v3")
    nothing_runs(app.server)


@pytest.mark.faults
def test_a_database_that_somebody_else_has_locked(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    with under_load(app):
        checkout.version("v2")
        push = checkout.start_push(app)
        log = log_of(app, 2)
        wait_until(lambda: log.exists() and STEP in log.read_text(), what="the build")
        database = sqlite3.connect(app.server.home / "podshift.db", isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")
        pushed = finished(push)
        database.execute("ROLLBACK")
        database.close()
        assert "database is locked" in pushed.said
        assert app.get() == (200, "hello from v1\n")
        an_ordinary_push_works(app, checkout, "v3")


def test_the_proxys_socket_is_gone(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    (app.server.home / "run" / "admin.sock").unlink()
    an_ordinary_push_works(app, checkout, "v2")


@pytest.mark.faults
def test_the_proxy_is_killed_in_mid_drain(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=0, slow_clients=2, slow_path="/slow?seconds=20") as load:
        wait_until(lambda: "busy" if _in_flight(app) == 2 else None, what="two slow requests in flight")
        checkout.version("v2")
        push = checkout.start_push(app)
        log = log_of(app, 2)
        wait_until(lambda: log.exists() and "takes all requests" in log.read_text(), what="the switch")
        own = (f"--filter=label=podshift.home={app.server.home}", "--filter=label=podshift.role=proxy")
        app.server.engine("kill", app.server.engine("ps", "--quiet", *own).strip())
        finished(push)
    assert load.result.by_kind["closed"] == 2, load.result  # nobody else's: they went down with the proxy
    app.server.podshift("up")
    assert app.get() == (200, "hello from v2\n")
    an_ordinary_push_works(app, checkout, "v3")


def _in_flight(app: App) -> int:
    from podshift.proxy import Proxy

    servers = Proxy(app.server.home / "run").servers()
    return sum(state.in_flight for backend in servers.values() for name, state in backend.items() if app.name in name)


@pytest.mark.faults
def test_the_machine_goes_down_in_the_middle(tmp_path: Path, checkout: Checkout) -> None:
    with installed(tmp_path / "home") as server, created(server) as app:
        checkout.push(app)
        checkout.version("v2")
        push = checkout.start_push(app)
        log = log_of(app, 2)
        wait_until(lambda: log.exists() and "start " in log.read_text(), what="the start")
        os.kill(push.pid, signal.SIGKILL)
        kill_the_deployer(app)
        _power_off(server)
        push.communicate()
        server.podshift("up")
        assert app.get()[0] == 200
        an_ordinary_push_works(app, checkout, "v3")


def _power_off(server: Server) -> None:
    """Every container down and the runtime state gone, as after a reboot."""
    names = server.engine("ps", "--quiet", f"--filter=label=podshift.home={server.home}").split()
    server.engine("stop", "--time=0", *names)
    for path in (server.home / "run").rglob("*"):
        if path.is_socket():
            path.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 48 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    os.system(f"mount -t tmpfs -o size=48m tmpfs {folder}")
    yield folder
    os.system(f"umount --lazy {folder}")


@pytest.mark.parametrize("boundary", short([STEP, "start "], "start "))
def test_a_disk_that_gets_full(small_disk: Path, checkout: Checkout, boundary: str) -> None:
    with installed(small_disk / "home") as server, created(server) as app:
        settings = (server.home / "settings.toml").read_text()
        (server.home / "settings.toml").write_text(settings.replace("min_free_mb = 1024", "min_free_mb = 0"))
        checkout.push(app)
        filler = small_disk / "filler"
        with under_load(app):
            checkout.version("v2")
            push = checkout.start_push(app)
            log = log_of(app, 2)
            wait_until(lambda: log.exists() and boundary in log.read_text(), what=boundary)
            with suppress(OSError), filler.open("wb", buffering=0) as stream:
                while True:
                    stream.write(bytes(4096))
            finished(push)
            assert app.get()[0] == 200
            filler.unlink()
            an_ordinary_push_works(app, checkout, "v3")


def test_one_apps_drain_survives_what_is_done_for_another(app: App, checkout: Checkout) -> None:
    checkout.commit("A long drain", podshift_toml='[web]\nwatch = "0s"\ndrain = "40s"\n')
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=2, slow_clients=3, slow_path="/slow?seconds=10") as load:
        wait_until(lambda: _in_flight(app) >= 3, what="slow requests in flight")
        checkout.version("v2")
        push = checkout.start_push(app)
        log = log_of(app, 2)
        wait_until(lambda: log.exists() and "takes all requests" in log.read_text(), what="the switch")
        with created(app.server, "--domain", f"shop.{app.name}.example.com"):
            assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-web-2-1"]
            assert push.poll() is None
        pushed = finished(push)
    assert load.result.failed == 0, load.result
    assert "0 failed" in pushed.said
