"""What is cut off in the middle: the client, the deployer, both. The deploy ends, or is put right."""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from server import App, Checkout
from server.installation import PODSHIFT, wait_until
from server.traces import of_release, traces
from server.under_way import (
    BASE,
    PLAIN,
    deployer,
    everything_killed,
    finished,
    held_start,
    holder,
    in_build,
    in_queue,
    in_start,
    let_go,
    log_of,
    long_build,
    nothing_runs,
)

LINES = 60
CHATTY = (
    BASE
    + f"RUN : APP; i=0; while [ $i -lt {LINES} ]; do printf 'line %d %04000d\\n' $i 0; i=$((i+1)); sleep 0.03; done\n"
    + 'CMD ["python3", "app.py"]\n'
)
WORKER = """
[web]
watch = "0s"
[process.worker]
command = ["python3", "-c", "import time; time.sleep(3600)"]
ready = { timeout = "3s" }
stop = "0s"
"""
KIB = 1024


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_client_that_is_gone_does_not_stop_the_deploy(app: App, checkout: Checkout, number: signal.Signals) -> None:
    checkout.commit("Chatty", Containerfile=CHATTY.replace("APP", app.name))  # none that is in a cache
    push = checkout.start_push(app)
    log = log_of(app, 1)
    wait_until(lambda: log.exists() and log.stat().st_size > 20 * KIB, what="the build's output")
    push.send_signal(number)
    wait_until(lambda: app.states() == ["live"], seconds=60, what="live")
    wait_until(lambda: holder(app) is None, what="the lock free")
    text = log.read_text()
    lines = re.findall(r"\bline (\d+) 0{4000}$", text, re.MULTILINE)
    assert lines == [str(line) for line in range(LINES)]
    assert len(text) > 200 * KIB
    assert f"success: {app.name} v1" in text
    assert app.get() == (200, "hello from v1\n")
    nothing_runs(app.server)
    push.kill()
    push.communicate()


def test_ctrl_c_on_the_hook_says_nothing_of_podshift_s_own(app: App, checkout: Checkout) -> None:
    """As where the checkout is on the server: the terminal's signal goes to git's processes and the hooks alike."""
    long_build(checkout, "v1")
    push = checkout.start_push(app)
    in_build(app, 1)
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_hook = path.joinpath("cmdline").read_bytes().endswith(b"\0post-receive\0")
            if is_hook and path.joinpath("cwd").samefile(app.repository):
                os.kill(int(path.name), signal.SIGINT)
    app.server.podshift("cancel", app.name)
    assert "Traceback" not in finished(push).text


def killed_in_build(app: App, checkout: Checkout) -> subprocess.Popen[str]:
    long_build(checkout, "v2")
    push = checkout.start_push(app)
    in_build(app, 2)
    return push


def killed_in_start(app: App, checkout: Checkout) -> subprocess.Popen[str]:
    held_start(checkout, "v2")
    push = checkout.start_push(app)
    in_start(app, 2)
    return push


Stage = Callable[[App, Checkout], subprocess.Popen[str]]


@pytest.mark.parametrize("stage", [killed_in_build, killed_in_start])
def test_the_hook_repairs_what_a_killed_deployer_left(app: App, checkout: Checkout, stage: Stage) -> None:
    live = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    push = stage(app, checkout)
    os.kill(deployer(app), signal.SIGKILL)
    pushed = finished(push)
    assert "the process that did this was killed (SIGKILL)" in pushed.said
    assert "the same can be tried again" in pushed.said
    assert traces(app) == of_release(app, 1)
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live", "failed"]
    assert app.releases()[0]["error"] == "the deploy was interrupted"
    assert branch(checkout, app) == live
    assert "killed (SIGKILL)" in app.server.podshift("output", app.name, "v2").stdout
    nothing_runs(app.server)


def test_the_same_push_can_be_made_again(app: App, checkout: Checkout) -> None:
    held_start(checkout, "v1")
    push = checkout.start_push(app)
    in_start(app, 1)
    os.kill(deployer(app), signal.SIGKILL)
    assert "nothing was serving before" in finished(push).said
    assert app.containers() == []
    again = checkout.start_push(app)
    in_start(app, 2)
    let_go(app, 2)
    assert "is live" in finished(again).said
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["failed", "live"]


def test_a_deployer_killed_while_it_drains_loses_no_request(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    commit = checkout.version("v2")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(app.get, "/slow?seconds=6")
        push = checkout.start_push(app)
        wait_until(lambda: app.get() == (200, "hello from v2\n"), what="the switch")
        wait_until(lambda: app.states() == ["retired", "live"], what="the commit point")
        os.kill(deployer(app), signal.SIGKILL)
        pushed = finished(push)
        assert slow.result() == (200, "slow hello from v1\n")
    assert f"{app.name}: v2 ({commit[:7]}) serves" in pushed.said
    assert replace(traces(app), images=of_release(app, 2).images) == of_release(app, 2)
    assert app.get() == (200, "hello from v2\n")
    assert app.states() == ["retired", "live"]
    assert branch(checkout, app) == commit
    app.server.podshift("up")
    told = [event for event in app.server.json("events", app.name) if event["release"] == 2]
    assert [(one["kind"], one["outcome"], one["error"]) for one in told] == [
        ("deploy", "ok", "the deploy was interrupted")
    ]


@pytest.mark.parametrize("stage", [killed_in_build, killed_in_start])
def test_up_repairs_after_a_power_loss(app: App, checkout: Checkout, stage: Stage) -> None:
    live = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    everything_killed(app, stage(app, checkout))
    assert app.get() == (200, "hello from v1\n")
    app.server.podshift("up")
    assert traces(app) == of_release(app, 1)
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live", "failed"]
    assert branch(checkout, app) == live
    nothing_runs(app.server)


@pytest.mark.parametrize("stage", [killed_in_build, killed_in_start])
def test_the_next_push_repairs_too(app: App, checkout: Checkout, stage: Stage) -> None:
    container = (checkout.folder / "Containerfile").read_text()
    checkout.push(app)
    everything_killed(app, stage(app, checkout))
    commit = checkout.commit("Version v3", Containerfile=container, version_txt="v3\n")
    pushed = checkout.push(app)
    assert "an earlier change did not come to its end; putting things right" in pushed.said
    assert "is live" in pushed.said
    assert app.states() == ["retired", "failed", "live"]
    assert app.get() == (200, "hello from v3\n")
    assert replace(traces(app), images=()) == replace(of_release(app, 3), images=())
    assert branch(checkout, app) == commit
    nothing_runs(app.server)


def test_one_that_is_killed_in_the_queue_is_not_forgotten(app: App, checkout: Checkout, tmp_path: Path) -> None:
    """Once the hook is there to tell, and once nobody is."""
    first = held_start(checkout, "v1")
    push = checkout.start_push(app)
    in_start(app, 1)
    other = checkout.clone(tmp_path / "other")
    commit = other.commit("Version v2", version_txt="v2\n", Containerfile=PLAIN)
    second = other.start_push(app, "-o", "message=the second")
    _, deployer = in_queue(app)
    os.kill(deployer, signal.SIGKILL)
    let_go(app, 1)
    assert "is live" in finished(push).said
    pushed = finished(second)
    assert "the process that did this was killed (SIGKILL)" in pushed.said
    assert f"branch main is back at {first[:7]}" in pushed.said
    assert killed_release(app, checkout) == (2, commit, "failed", "the deploy was interrupted", "the second", first)
    assert "killed (SIGKILL)" in app.server.podshift("output", app.name, "v2").stdout

    held_start(other, "v3")
    push = other.start_push(app)
    in_start(app, 3)
    commit = checkout.commit("Version v4", version_txt="v4\n", Containerfile=PLAIN)
    fourth = checkout.start_push(app, "--force", "-o", "message=the fourth")
    for process in in_queue(app):
        os.kill(process, signal.SIGKILL)
    finished(fourth)
    let_go(app, 3)
    assert "is live" in finished(push).said
    assert branch(checkout, app) == commit
    live = other.git("rev-parse", "HEAD")
    assert f"branch main is back at {live[:7]}" in " ".join(app.server.podshift("up").stdout.split())
    assert killed_release(app, checkout) == (4, commit, "failed", "the deploy was interrupted", "the fourth", live)
    assert "queue" in app.server.podshift("output", app.name, "v4").stdout
    pushed = checkout.push(app, "--force")
    assert "is live" in pushed.said
    assert "repair" not in pushed.said
    nothing_runs(app.server)


def killed_release(app: App, checkout: Checkout) -> tuple[object, ...]:
    """What the records say of the newest release, and where its branch stands."""
    newest = app.releases()[0]
    facts = (newest[key] for key in ("number", "commit", "state", "error", "message"))
    return *facts, branch(checkout, app)


def branch(checkout: Checkout, app: App) -> str:
    return checkout.git("ls-remote", str(app.repository), "main").split()[0]


def test_the_next_push_repairs_a_restart_of_a_worker(app: App, checkout: Checkout) -> None:
    """No release of its own tells of it, and the proxy knows nothing of workers."""
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    words = [PODSHIFT, "restart", app.name, "worker"]
    restart = subprocess.Popen(words, env=app.server.environment, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: f"{app.name}-worker-1-2" in app.containers(), what="the new worker")
    everything_killed(app, restart)
    assert len(app.containers()) == 3
    checkout.version("v2")
    assert "is live" in checkout.push(app).said
    assert app.containers() == [f"{app.name}-web-2-1", f"{app.name}-worker-2-1"]


@pytest.mark.parametrize("gate", ["off", pytest.param("on", marks=pytest.mark.faults)])
def test_a_lock_that_a_killed_git_left_refuses_no_push(app: App, checkout: Checkout, gate: str) -> None:
    """As long as that git lives the lock is its own, and git refuses the push."""
    checkout.push(app)
    app.server.podshift("gate", app.name, gate)
    with holding_the_branch(app):
        checkout.version("v2")
        refused = checkout.push(app)
        assert refused.code != 0
        assert "lock" in refused.text
    assert (app.repository / "refs/heads/main.lock").exists()
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
    assert app.get() == (200, "hello from v2\n")
    assert list(app.repository.rglob("*.lock")) == []


@contextmanager
def holding_the_branch(app: App) -> Iterator[None]:
    """A git that is about to move the branch, and is killed then."""
    (tip,) = (app.repository / "refs/heads").iterdir()
    with subprocess.Popen(
        ["git", "update-ref", "--stdin"], cwd=app.repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as git:
        assert git.stdin
        assert git.stdout
        git.stdin.write(f"start\nupdate refs/heads/main {tip.read_text()}prepare\n")
        git.stdin.flush()
        assert [git.stdout.readline() for _ in range(2)] == ["start: ok\n", "prepare: ok\n"]
        yield
        git.kill()
