"""The gate: a push that is accepted when its release goes live, and refused when it does not."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from load import Load
from podshift.lock import AppLock
from podshift.settings import Home
from server import App, Checkout, Server
from server.engines import STEP
from server.installation import created, wait_until
from server.traces import NOTHING, of_release, traces

CHATTY_BUILD = """
FROM localhost/podshift-python
COPY . .
RUN for n in $(seq 15); do echo "compiling $n"; sleep 0.3; done
"""

TOLD_TO_START = """
[web]
watch = "0s"
command = ["sh", "-c", "until test -e /tmp/go; do sleep 0.1; done; exec python3 app.py"]
"""


def branch(app: App, checkout: Checkout) -> str:
    """Where the deploy branch stands, as everybody sees it; "" where there is none."""
    return checkout.git("ls-remote", str(app.repository), "refs/heads/main").partition("\t")[0]


def test_a_failed_first_deploy_refuses_the_push(app: App, checkout: Checkout) -> None:
    checkout.version("v1", "crash")
    pushed = checkout.push(app, "-o", "gate")
    assert pushed.code != 0
    assert "[remote rejected] main -> main (not deployed)" in pushed.said
    assert branch(app, checkout) == ""
    assert app.states() == ["failed"]
    assert traces(app) == NOTHING


def test_a_push_through_the_gate_is_deployed_once(app: App, checkout: Checkout) -> None:
    pushed = checkout.push(app, "-o", "gate", refs=("main", "HEAD:refs/tags/v1.0"))
    assert pushed.code == 0
    assert "v1.0: accepted, not deployed (only main deploys)" in pushed.said
    assert branch(app, checkout) == checkout.git("rev-parse", "HEAD")
    assert app.states() == ["live"]
    assert traces(app) == of_release(app, 1)


def test_a_push_back_to_what_was_live_once_is_refused_when_it_is_not_deployed(app: App, checkout: Checkout) -> None:
    """It did not get as far as a release of its own: the earlier one of that commit does not count."""
    checkout.push(app)
    first = checkout.git("rev-parse", "HEAD")
    checkout.version("v2")
    checkout.push(app)
    live = branch(app, checkout)
    app.server.podshift("gate", app.name, "on")
    lock = app.server.home / "apps" / app.name / "lock"
    lock.unlink()
    lock.mkdir()  # whose name the lock cannot have: the deploy ends before it begins
    pushed = checkout.push(app, "--force", refs=(f"{first}:main",))
    lock.rmdir()
    assert pushed.code != 0, pushed.text
    assert "[remote rejected]" in pushed.said
    assert branch(app, checkout) == live
    assert app.get() == (200, "hello from v2\n")


@pytest.mark.matrix
def test_an_app_with_a_gate_refuses_what_does_not_run(server: Server, checkout: Checkout) -> None:
    with created(server, "--gate") as app:
        first = checkout.git("rev-parse", "HEAD")
        assert checkout.push(app).code == 0
        checkout.version("v2", "crash")
        assert checkout.push(app).code != 0
        assert (branch(app, checkout), app.get()) == (first, (200, "hello from v1\n"))
        assert app.states() == ["live", "failed"]

        server.podshift("gate", app.name, "off")
        accepted = checkout.push(app)
        assert (accepted.code, branch(app, checkout)) == (0, first), accepted.text

        server.podshift("gate", app.name, "on")
        assert checkout.push(app).code != 0
        mended = checkout.version("v3")
        assert checkout.push(app).code == 0
        assert (branch(app, checkout), app.get()) == (mended, (200, "hello from v3\n"))
        assert app.states() == ["retired", "failed", "failed", "failed", "live"]


def test_of_two_gated_pushes_the_later_one_is_refused_before_it_is_built(app: App, checkout: Checkout) -> None:
    """git told both that the branch is at v1. Who comes first in the queue goes live."""
    checkout.push(app)
    checkout.git("branch", "theirs")
    commits = [checkout.version("ours")]
    checkout.git("checkout", "--quiet", "theirs")
    commits.append(checkout.version("theirs"))
    with ExitStack() as stack:
        with AppLock(Home(app.server.home).lock(app.name), what="test", who="Ada"):
            starts = [checkout.start_push(app, "-o", "gate", refs=(f"{commit}:main",)) for commit in commits]
            pushes = [stack.enter_context(push) for push in starts]
            waits = [any("waiting for the test" in line for line in push.stdout or ()) for push in pushes]
        texts = [push.communicate(timeout=60)[0] for push in pushes]
    assert waits == [True, True]
    assert sorted(push.returncode for push in pushes) == [0, 1]
    winner, loser = (0, 1) if pushes[0].returncode == 0 else (1, 0)
    assert "is live" in texts[winner]
    assert "error: another push has moved main meanwhile; nothing was changed" in texts[loser]
    assert "hint: git fetch, and push again" in texts[loser]
    assert STEP not in texts[loser]
    assert branch(app, checkout) == app.status()["commit"] == commits[winner]
    assert app.get() == (200, f"hello from {('ours', 'theirs')[winner]}\n")
    assert app.states() == ["retired", "live", "superseded"]


def test_a_branch_that_moves_while_the_gate_waits_is_not_overrun(app: App, checkout: Checkout) -> None:
    """The ungated push moves the branch at once; so the gated one must not go live, and that costs no request."""
    checkout.push(app)
    checkout.git("branch", "theirs")
    checkout.commit("Waits to be told", podshift_toml=TOLD_TO_START)
    checkout.version("v2")
    with Load(app.server.url, host=app.host, clients=4) as load, checkout.start_push(app, "-o", "gate") as gated:
        wait_until(lambda: f"{app.name}-web-2-1" in app.containers(), what="the gated deploy's container")
        checkout.git("checkout", "--quiet", "theirs")
        theirs = checkout.version("v3")
        with checkout.start_push(app, refs=("theirs:main",)) as plain:
            wait_until(lambda: branch(app, checkout) == theirs, what="the branch to move")
            app.server.engine("exec", f"{app.name}-web-2-1", "touch", "/tmp/go")
            assert "another push has moved main meanwhile" in gated.communicate(timeout=60)[0]
            assert "is live" in plain.communicate(timeout=60)[0]
    assert gated.returncode != 0
    assert (branch(app, checkout), app.get()) == (theirs, (200, "hello from v3\n"))
    assert app.states() == ["retired", "superseded", "live"]
    assert load.result.failed == 0, load.result


def test_a_gated_push_that_is_broken_off_changes_nothing(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    first, before = checkout.git("rev-parse", "HEAD"), traces(app)
    checkout.commit("Chatty", Containerfile=CHATTY_BUILD)
    with checkout.start_push(app, "-o", "gate") as push:
        assert push.stdout is not None
        assert any("compiling 3" in line for line in push.stdout)
        for pid in (push.pid, *receivers(app)):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not app.status()["deploying"], what="the deploy's end")
    assert app.states() == ["live", "cancelled"]
    assert "broken off before its release went live" in app.releases()[0]["error"]
    assert (branch(app, checkout), app.get()) == (first, (200, "hello from v1\n"))
    assert traces(app) == before
    assert "compiling 15" not in app.server.podshift("output", app.name).stdout


def receivers(app: App) -> list[int]:
    """The processes in which git receives pushes to an app at the moment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if "receive-pack" in " ".join(words[:2]) and str(app.repository) in words:
            found.append(int(path.parent.name))
    assert found
    return found


def test_a_gated_release_that_does_badly_is_turned_back(app: App, checkout: Checkout) -> None:
    first = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    checkout.commit("Watched", podshift_toml='[web]\nwatch = "20s"\nready = { path = "/healthz" }\n')
    checkout.version("v2", "errors")
    with Load(app.server.url, host=app.host, clients=4):
        pushed = checkout.push(app, "-o", "gate")
    assert pushed.code != 0
    assert "v1 takes all requests again" in pushed.said
    assert (branch(app, checkout), app.get()) == (first, (200, "hello from v1\n"))
    assert app.states() == ["live", "failed"]
    assert traces(app) == of_release(app, 1)


def test_a_cancelled_deploy_refuses_its_gated_push(app: App, checkout: Checkout) -> None:
    checkout.version("v1", "never-ready")
    with checkout.start_push(app, "-o", "gate") as push:
        wait_until(lambda: traces(app).upstreams, what="the new upstream")
        app.server.podshift("cancel", app.name)
        text, _ = push.communicate(timeout=60)
    assert push.returncode != 0
    assert "cancelled" in text
    assert app.states() == ["cancelled"]
    assert branch(app, checkout) == ""
    assert traces(app) == NOTHING
