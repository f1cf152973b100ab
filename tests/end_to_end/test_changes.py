"""deploy, rollback, restart, cancel: changes that an operator asks for, made with the same overlap as a push."""

import signal
import subprocess
from collections.abc import Callable

import pytest

from load import Load
from server import App, Checkout
from server.engines import STEP
from server.installation import PODSHIFT, wait_until
from server.traces import of_release, traces
from server.under_way import finished, held_start, holder, in_build, in_start, let_go, long_build, nothing_runs


def under_load(app: App, change: Callable[[], object]) -> None:
    """Make a change while requests run; not one may be lost."""
    with Load(app.server.url, host=app.host, clients=6) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        change()
    assert load.result.failed == 0, load.result


def test_rollback_runs_the_earlier_image(app: App, checkout: Checkout) -> None:
    first = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    second = checkout.version("v2")
    checkout.push(app)
    under_load(app, lambda: app.server.podshift("rollback", app.name))
    assert app.get() == (200, "hello from v1\n")
    newest = app.releases()[0]
    assert (newest["number"], newest["state"], newest["commit"], newest["rollback_of"]) == (3, "live", first, 1)
    assert newest["image"] == f"localhost/podshift/{app.name}:v1"
    assert app.states() == ["retired", "retired", "live"]
    log = app.server.podshift("output", app.name).stdout
    assert STEP not in log
    assert "requests crossed the change, 0 failed" in " ".join(log.split())
    assert "back to v1" in app.server.podshift("releases", app.name).stdout
    app.server.podshift("rollback", app.name, "v2")
    assert app.get() == (200, "hello from v2\n")
    assert app.status()["commit"] == second
    assert app.containers() == [f"{app.name}-web-4-1"]
    nothing_runs(app.server)


def test_rollback_to_an_image_that_is_gone(app: App, checkout: Checkout) -> None:
    first = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    checkout.version("v2")
    checkout.push(app)
    app.server.engine("rmi", f"localhost/podshift/{app.name}:v1")
    done = app.server.podshift("rollback", app.name, check=False)
    assert done.returncode == 1
    assert "error: the image of v1 is no longer kept" in done.stdout + done.stderr
    hint = f"podshift deploy {app.name} {first[:12]}"
    assert f"hint: {hint} builds it again" in done.stdout + done.stderr
    assert traces(app) == of_release(app, 2)
    app.server.podshift(*hint.split()[1:])
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["retired", "retired", "live"]


def test_rollback_to_a_release_that_never_went_live(app: App, checkout: Checkout) -> None:
    checkout.version("v1", "crash")
    checkout.push(app)
    done = app.server.podshift("rollback", app.name, "v1", check=False)
    assert done.returncode == 1
    assert "v1 never went live: it is failed" in done.stdout + done.stderr


def test_deploy_takes_any_commit_that_was_pushed(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.git("tag", "first")
    commit = checkout.version("v2")
    checkout.push(app, refs=("main", "first"))
    under_load(app, lambda: app.server.podshift("deploy", app.name, "first"))
    assert app.get() == (200, "hello from v1\n")
    assert STEP in app.server.podshift("output", app.name).stdout
    app.server.podshift("deploy", app.name)
    assert app.get() == (200, "hello from v2\n")
    app.server.podshift("deploy", app.name, commit[:10])
    assert app.states() == ["retired"] * 4 + ["live"]
    for revision in ("nothing", "--help-me", "main; id", "../.."):
        done = app.server.podshift("deploy", app.name, "--", revision, check=False)
        assert done.returncode == 1
        assert "error: no commit" in done.stderr
        assert "hint: " in done.stderr


def test_ctrl_c_leaves_the_deploy_to_go_on(app: App, checkout: Checkout) -> None:
    held_start(checkout, "v1")
    checkout.git("push", "--quiet", str(app.repository), "main:other")
    command = [str(PODSHIFT), "deploy", app.name, "other"]
    looker = subprocess.Popen(
        command, env=app.server.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    in_start(app, 1)
    looker.send_signal(signal.SIGINT)
    _, errors = looker.communicate(timeout=30)
    assert looker.returncode == 130
    assert f"it goes on without you; podshift cancel {app.name} stops it" in errors
    let_go(app, 1)
    wait_until(lambda: app.states() == ["live"], what="live")
    assert app.get() == (200, "hello from v1\n")
    nothing_runs(app.server)


def test_restart_overlaps(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    under_load(app, lambda: app.server.podshift("restart", app.name))
    assert app.containers() == [f"{app.name}-web-1-2"]
    assert app.states() == ["live"]
    under_load(app, lambda: app.server.podshift("restart", app.name))
    assert len(app.containers()) == 1
    nothing_runs(app.server)


def in_build_of_second(app: App, checkout: Checkout) -> subprocess.Popen[str]:
    long_build(checkout, "v2")
    push = checkout.start_push(app)
    in_build(app, 2)
    return push


def in_start_of_second(app: App, checkout: Checkout) -> subprocess.Popen[str]:
    held_start(checkout, "v2")
    push = checkout.start_push(app)
    in_start(app, 2)
    return push


@pytest.mark.parametrize("stage", [in_build_of_second, in_start_of_second])
def test_cancel_changes_nothing(
    app: App, checkout: Checkout, stage: Callable[[App, Checkout], subprocess.Popen[str]]
) -> None:
    live = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    push = stage(app, checkout)
    commit = checkout.git("rev-parse", "HEAD")
    assert f"cancelled: deploy of {commit[:7]}" in app.server.podshift("cancel", app.name).stdout
    pushed = finished(push)
    assert "the deploy was cancelled; nothing was changed" in pushed.said
    assert app.states() == ["live", "cancelled"]
    assert traces(app) == of_release(app, 1)
    assert app.get() == (200, "hello from v1\n")
    assert checkout.git("ls-remote", str(app.repository), "main").split()[0] == live
    assert holder(app) is None
    nothing_runs(app.server)


def test_cancel_when_it_is_too_late(app: App, checkout: Checkout) -> None:
    """A slow request keeps the old container draining: the new release is live, there is nothing to cancel."""
    checkout.push(app)
    checkout.version("v2")
    with Load(app.server.url, host=app.host, clients=1, slow_clients=1, slow_path="/slow?seconds=4") as load:
        load.wait_for(lambda tally: tally.requests > 5)
        push = checkout.start_push(app)
        load.wait_for(lambda tally: "v2" in tally.versions)
        done = app.server.podshift("cancel", app.name, check=False)
    assert finished(push).code == 0
    assert done.returncode == 1
    assert "too late to cancel the deploy of" in done.stderr
    assert app.states() == ["retired", "live"]
    assert load.result.failed == 0, load.result
