"""Faults at every step, under load: no request is lost, and the next push works, with nothing left behind."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from load import Load
from server import App, Checkout, Server
from server.engines import BUILT, PROGRAM, STEP
from server.faults import Shim, an_ordinary_push_works, kill_the_deployer, short, under_load
from server.installation import created, installed, wait_until
from server.under_way import finished, holder, until_said

BOUNDARIES = (STEP, BUILT, "start ", "takes all requests")
INSTANTS, PARTS = 50, 5


@pytest.mark.parametrize("boundary", short(BOUNDARIES, BUILT, "takes all requests"))
def test_a_deployer_killed_at_a_step(app: App, checkout: Checkout, boundary: str) -> None:
    checkout.push(app)
    with under_load(app):
        checkout.version("v2")
        push = checkout.start_push(app)
        until_said(app, 2, boundary)
        kill_the_deployer(app)
        finished(push)
        an_ordinary_push_works(app, checkout, "v3")


@pytest.mark.faults
@pytest.mark.parametrize("part", range(PARTS))
def test_a_deployer_killed_at_random_instants(app: App, checkout: Checkout, part: int) -> None:
    checkout.push(app)
    checkout.version("measured")
    began = time.monotonic()
    checkout.push(app)
    length = time.monotonic() - began
    instants = random.Random(2026 + part)  # the same instants in every run
    with under_load(app):
        for number in range(INSTANTS // PARTS):
            checkout.version(f"v{number}a")
            push = checkout.start_push(app)
            wait_until(lambda push=push: holder(app) is not None or push.poll() is not None, what="the deploy")
            # The one wait for nothing but time: a random instant is what is tried here.
            time.sleep(instants.random() * length)
            kill_the_deployer(app)
            finished(push)
            an_ordinary_push_works(app, checkout, f"v{number}b")


@pytest.mark.parametrize("call", short([" build ", " --detach ", " image inspect "], " build ", " --detach "))
def test_an_engine_command_that_fails(app: App, checkout: Checkout, shim: Shim, call: str) -> None:
    checkout.push(app)
    with under_load(app):
        shim.engine(call, "echo Error: out of luck >&2; exit 125")
        checkout.version("v2")
        pushed = checkout.push(app)
        assert "out of luck" in pushed.said
        assert "v1" in pushed.said.split("error:")[-1] or "still serves" in pushed.said
        assert app.get() == (200, "hello from v1\n")
        shim.off()
        an_ordinary_push_works(app, checkout, "v3")


@pytest.mark.parametrize("call", short([" build ", " --detach ", " rm "], " --detach "))
def test_an_engine_command_that_hangs(app: App, checkout: Checkout, shim: Shim, call: str) -> None:
    file = app.server.home / "settings.toml"
    settings = file.read_text()
    checkout.push(app)
    with under_load(app):
        shim.engine(call, "exec sleep 600")
        limit = ("build_seconds = 3600", "build_seconds = 8")  # of nothing else: all takes its time on a busy machine
        if call != " build ":
            limit = ("engine_seconds = 120", "engine_seconds = 8")
        file.write_text(settings.replace(*limit))
        try:
            checkout.version("v2")
            pushed = checkout.push(app)
        finally:
            file.write_text(settings)
        # A container gets its stop time, 10 s, before its removal takes too long.
        said = {" build ": "the build was ended after 8 s", " rm ": f"{PROGRAM} rm did not end within 18 s"}
        assert said.get(call, "did not end within 8 s") in pushed.said
        shim.off()
        an_ordinary_push_works(app, checkout, "v3")


@contextmanager
def locked_database(app: App) -> Iterator[None]:
    database = sqlite3.connect(app.server.home / "podshift.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    yield
    database.execute("ROLLBACK")
    database.close()


@pytest.mark.faults
def test_a_database_that_somebody_else_has_locked(app: App, checkout: Checkout) -> None:
    """Before the deploy has a release, and in its middle."""
    checkout.push(app)
    with under_load(app):
        checkout.version("v2")
        with locked_database(app):
            pushed = checkout.push(app)
        assert "database is locked" in pushed.said
        assert "still serves, and main is back at it" in pushed.said
        assert app.states() == ["live"]
        push = checkout.start_push(app)
        until_said(app, 2, STEP)
        with locked_database(app):
            pushed = finished(push)
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
        until_said(app, 2, "takes all requests")
        own = (f"--filter=label=podshift.home={app.server.home}", "--filter=label=podshift.role=proxy")
        app.server.engine("kill", app.server.engine("ps", "--quiet", *own).strip())
        finished(push)
    assert load.result.by_kind["closed"] == 2, load.result  # nobody else's: they went down with the proxy
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
        until_said(app, 2, "start ")
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


def test_one_apps_drain_survives_what_is_done_for_another(app: App, checkout: Checkout) -> None:
    checkout.commit("A long drain", podshift_toml='[web]\nwatch = "0s"\ndrain = "40s"\n')
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=2, slow_clients=3, slow_path="/slow?seconds=10") as load:
        wait_until(lambda: _in_flight(app) >= 3, what="slow requests in flight")
        checkout.version("v2")
        push = checkout.start_push(app)
        until_said(app, 2, "takes all requests")
        with created(app.server, "--domain", f"shop.{app.name}.example.com"):
            assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-web-2-1"]
            assert push.poll() is None
        pushed = finished(push)
    assert load.result.failed == 0, load.result
    assert "0 failed" in pushed.said
