"""The gate: a push that is accepted when its release goes live, and refused when it does not."""

import os
import signal
from pathlib import Path

from load import Load
from server import App, Checkout, Server
from server.installation import created, wait_until
from server.traces import NOTHING, of_release, traces

CHATTY_BUILD = """
FROM localhost/podshift-python
COPY . .
RUN for n in $(seq 15); do echo "compiling $n"; sleep 0.1; done
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
    checkout.push(app)
    checkout.git("branch", "theirs")
    ours = checkout.version("v2", "slow-start 2")
    first = checkout.start_push(app, "-o", "gate")
    wait_until(lambda: app.status()["deploying"], what="the first deploy")
    checkout.git("checkout", "--quiet", "theirs")
    checkout.version("v3")
    second = checkout.push(app, "-o", "gate", refs=("theirs:main",))
    assert first.wait(60) == 0, first.communicate()
    assert second.code != 0
    assert "waiting for the deploy" in second.said
    assert "error: another push has moved main meanwhile; nothing was changed" in second.said
    assert "hint: git fetch, and push again" in second.said
    assert "STEP" not in second.said
    assert (branch(app, checkout), app.get()) == (ours, (200, "hello from v2\n"))
    assert app.states() == ["retired", "live", "superseded"]
    first.communicate()


def test_a_branch_that_moves_while_the_gate_waits_is_not_overrun(app: App, checkout: Checkout) -> None:
    """The ungated push moves the branch at once; so the gated one must not go live, and that costs no request."""
    checkout.push(app)
    checkout.git("branch", "theirs")
    checkout.version("v2", "slow-start 2")
    with Load(app.server.url, host=app.host, clients=4) as load:
        gated = checkout.start_push(app, "-o", "gate")
        wait_until(lambda: len(app.releases()) == 2, what="the gated deploy")
        checkout.git("checkout", "--quiet", "theirs")
        theirs = checkout.version("v3")
        plain = checkout.push(app, refs=("theirs:main",))
        text, _ = gated.communicate(timeout=60)
    assert gated.returncode != 0
    assert "another push has moved main meanwhile" in text
    assert plain.code == 0
    assert (branch(app, checkout), app.get()) == (theirs, (200, "hello from v3\n"))
    assert app.states() == ["retired", "superseded", "live"]
    assert load.result.failed == 0, load.result


def test_a_gated_push_that_is_broken_off_changes_nothing(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    first, before = checkout.git("rev-parse", "HEAD"), traces(app)
    checkout.commit("Chatty", Containerfile=CHATTY_BUILD)
    push = checkout.start_push(app, "-o", "gate")
    assert push.stdout is not None
    assert any("compiling 3" in line for line in push.stdout)
    for pid in (push.pid, *receivers(app)):
        os.kill(pid, signal.SIGKILL)
    push.communicate()
    wait_until(lambda: not app.status()["deploying"], what="the deploy's end")
    assert app.states() == ["live", "cancelled"]
    assert "broken off before its release went live" in app.releases()[0]["error"]
    assert (branch(app, checkout), app.get()) == (first, (200, "hello from v1\n"))
    assert traces(app) == before
    assert "compiling 15" in app.server.podshift("output", app.name).stdout


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
    push = checkout.start_push(app, "-o", "gate")
    wait_until(lambda: [name for name, _ in traces(app).upstreams], what="the new upstream")
    app.server.podshift("cancel", app.name)
    text, _ = push.communicate(timeout=60)
    assert push.returncode != 0
    assert "cancelled" in text
    assert app.states() == ["cancelled"]
    assert branch(app, checkout) == ""
    assert traces(app) == NOTHING
