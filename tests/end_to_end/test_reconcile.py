"""What goes wrong by itself, and what `podshift up` and the next push make of it."""

import re
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.engines import take_away
from server.installation import created, wait_until
from server.traces import of_release, traces
from server.under_way import everything_killed, finished, held_start, in_start, nothing_runs

IMPATIENT = '[web]\nwatch = "0s"\nstop = "1s"\n'


def test_an_app_that_ignores_sigterm_is_killed_after_its_stop_time(app: App, checkout: Checkout) -> None:
    checkout.commit("Impatient", podshift_toml=IMPATIENT)
    checkout.version("v1", "ignore-sigterm")
    checkout.push(app)
    checkout.version("v2")
    pushed = checkout.push(app)
    assert "is live" in pushed.said
    took = re.search(r"stopped in ([\d.]+) s", pushed.said)
    assert took
    assert float(took[1]) >= 1, pushed.text
    assert app.releases()[0]["seconds"] < 10
    assert app.containers() == [f"{app.name}-web-2-1"]


def test_a_container_that_dies_comes_back_and_gets_requests(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    name = f"{app.name}-web-1-1"
    assert app.post("/exit")[0] == 502
    wait_until(lambda: len(listening(app, name)) == 2, what="the engine's restart")
    wait_until(lambda: app.get() == (200, "hello from v1\n"), what="an answer")
    assert time.time() - listening(app, name)[-1] < 2
    assert app.containers() == [name]
    assert app.states() == ["live"]


def listening(app: App, container: str) -> list[float]:
    """When the app in this container said that it listens, in seconds of the epoch."""
    lines = app.server.engine("logs", "--timestamps", container).splitlines()
    return [datetime.fromisoformat(line.split()[0]).timestamp() for line in lines if " listens on " in line]


def proxy(app: App) -> str:
    label = f"--filter=label=podshift.home={app.server.home}"
    return app.server.engine("ps", "--all", label, "--filter=label=podshift.role=proxy", "--format={{.Names}}").strip()


def killed(app: App) -> None:
    app.server.engine("kill", proxy(app))


def removed(app: App) -> None:
    take_away(app.server, proxy(app))


@pytest.mark.parametrize("lost", [killed, removed])
def test_up_brings_the_proxy_back(app: App, checkout: Checkout, lost: Callable[[App], None]) -> None:
    checkout.push(app)
    lost(app)
    app.server.podshift("up")
    assert app.get() == (200, "hello from v1\n")
    assert traces(app) == of_release(app, 1)


def test_the_proxy_goes_before_an_app_that_wants_every_processor(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    assert shares(app, proxy(app)) > 4 * shares(app, app.containers()[0])


def shares(app: App, container: str) -> int:
    """Of the processors, when all of them are wanted: as its cgroup has it, or what that stands for."""
    return int(app.server.engine("inspect", "--format={{.HostConfig.CpuShares}}", container)) or 1024


@pytest.mark.parametrize("lost", [killed, removed])
def test_the_next_push_brings_the_proxy_back(app: App, checkout: Checkout, lost: Callable[[App], None]) -> None:
    checkout.push(app)
    lost(app)
    checkout.version("v2")
    assert "is live" in checkout.push(app).said
    assert app.get() == (200, "hello from v2\n")
    assert traces(app).upstreams == of_release(app, 2).upstreams


@pytest.mark.matrix
def test_two_pushes_at_once_bring_the_proxy_back_once(
    server: Server, app: App, checkout: Checkout, tmp_path: Path
) -> None:
    second = Checkout(tmp_path / "second")
    with created(server) as other:
        checkout.push(app)
        second.push(other)
        done = server.podshift("init", "--backends", "1", check=False)
        assert (done.returncode, "an app has backend" in done.stderr) == (1, True)
        removed(app)
        checkout.version("v2")
        second.version("v2")
        pushes = [checkout.start_push(app), second.start_push(other)]
        assert ["is live" in finished(push).said for push in pushes] == [True, True]
        assert [one.get() for one in (app, other)] == [(200, "hello from v2\n")] * 2


def test_up_after_a_reboot(server: Server, app: App, checkout: Checkout) -> None:
    """With a deploy under way when it happened: the live releases come back, and nothing else."""
    checkout.push(app)
    with created(server) as other, created(server) as empty:
        checkout.version("v2")
        checkout.push(other)
        checkout.version("v3")
        checkout.push(other)
        held_start(checkout, "v4")
        push = checkout.start_push(app)
        in_start(app, 2)
        everything_killed(app, push)
        reboot(server)
        said = server.podshift("up").stdout
        assert f"{app.name}: v1 is live" in said
        assert f"{empty.name}: nothing to run yet" in said
        assert app.get() == (200, "hello from v1\n")
        assert other.get() == (200, "hello from v3\n")
        assert traces(app) == of_release(app, 1)
        assert other.containers() == [f"{other.name}-web-2-1"]
        assert empty.containers() == []
        assert [app.states(), other.states()] == [["live", "failed"], ["retired", "live"]]
        assert server.podshift("doctor", check=False).returncode == 0
        nothing_runs(server)


def reboot(server: Server) -> None:
    """Every container stands still, and what is only in memory is gone."""
    label = f"--filter=label=podshift.home={server.home}"
    names = server.engine("ps", label, "--format={{.Names}}").split()
    server.engine("stop", "--time=0", *names)
    shutil.rmtree(server.home / "run")


def test_up_brings_back_what_somebody_removed(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    take_away(app.server, f"{app.name}-web-1-1")
    app.server.podshift("up", app.name)
    assert app.get() == (200, "hello from v1\n")
    assert traces(app) == of_release(app, 1)


def test_up_takes_away_what_no_record_knows(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    held_start(checkout, "v2")
    push = checkout.start_push(app)
    in_start(app, 2)
    everything_killed(app, push)
    app.server.podshift("up", app.name)
    assert traces(app) == of_release(app, 1)


def test_a_push_can_mend_a_live_release_that_no_longer_starts(app: App, checkout: Checkout) -> None:
    """Its containers are there no more, and new ones do not get ready: no reason to refuse the version that would."""
    checkout.commit("Broken", podshift_toml='[web]\nwatch = "0s"\nready = { timeout = "3s" }\n')
    held_start(checkout, "v1")
    push = checkout.start_push(app)
    in_start(app, 1)
    app.server.engine("exec", f"{app.name}-web-1-1", "touch", "/go")
    push.communicate(timeout=60)
    take_away(app.server, f"{app.name}-web-1-1")
    removed(app)
    failed = app.server.podshift("up", check=False)
    assert failed.returncode == 1
    assert f"could not bring up {app.name}" in failed.stderr
    checkout.commit("Mended", Containerfile="FROM localhost/podshift-python\nCOPY . /app\nCMD python3 /app/app.py\n")
    assert "is live" in checkout.push(app).said
    assert app.get() == (200, "hello from v1\n")
