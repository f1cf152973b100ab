"""What `git push -o …` asks for, and the same as flags of `podshift deploy`."""

from pathlib import Path

import pytest

from podshift.lock import AppLock
from podshift.settings import Home
from server import App, Checkout, Server
from server.installation import wait_until
from server.under_way import BASE, finished

STAMPED = BASE + 'RUN date +%s.%N > version.txt\nCMD ["python3", "app.py"]\n'
NO_CANARY = '[web]\norder = "{order}"\nwatch = "{watch}"\n'


def branch(checkout: Checkout, app: App) -> str:
    return checkout.git("ls-remote", str(app.repository), "main").split()[0]


@pytest.mark.matrix
def test_without_the_cache_every_layer_is_built_anew(app: App, checkout: Checkout) -> None:
    checkout.commit("Stamped", Containerfile=STAMPED)
    checkout.push(app)
    first = app.get()
    checkout.git("commit", "--quiet", "--allow-empty", "--message=Again")
    checkout.push(app)
    assert app.get() == first, "the cache holds what did not change"
    checkout.git("commit", "--quiet", "--allow-empty", "--message=Once more")
    assert "is live" in checkout.push(app, "-o", "no-cache").said
    second = app.get()
    assert second != first
    app.server.podshift("deploy", app.name, "--no-cache", "--message", "by hand")
    assert app.get() not in (first, second)
    assert [release["message"] for release in app.releases()] == ["by hand", None, None, None]


def test_a_message_is_shown_wherever_the_release_is(app: App, checkout: Checkout) -> None:
    message = 'for ticket 12: «Größe», $(id) `x` "y"'
    with AppLock(Home(app.server.home).lock(app.name), what="test", who="Ada"):
        push = checkout.start_push(app, "-o", f"message={message}")
        wait_until(lambda: any("waiting for the" in log.read_text() for log in logs(app)), what="the push in the queue")
    pushed = finished(push)
    assert f"message {message}" in pushed.said
    assert app.releases()[0]["message"] == message
    assert message in app.server.podshift("releases", app.name).stdout
    assert message in app.server.podshift("events", app.name).stdout
    assert message in app.server.podshift("output", app.name).stdout
    assert app.server.json("events", app.name)[-1]["what"] == message


def logs(app: App) -> list[Path]:
    return list((app.server.home / "apps" / app.name / "logs").glob(".*.log"))


@pytest.mark.matrix
def test_skip_accepts_and_does_not_deploy(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.git("branch", "theirs")
    skipped = checkout.version("v2")
    pushed = checkout.push(app, "-o", "skip", "-o", "message=not today")
    assert pushed.code == 0
    assert "main: accepted, not deployed (-o skip)" in pushed.said
    assert f"hint: on the server, podshift deploy {app.name} deploys it" in pushed.said
    assert (app.get(), branch(checkout, app)) == ((200, "hello from v1\n"), skipped)
    event = app.server.json("events", app.name)[-1]
    assert (event["kind"], event["outcome"], event["commit"], event["what"]) == (
        "push",
        "skipped",
        skipped,
        "not today",
    )

    failing = checkout.version("v3", "crash")
    pushed = checkout.push(app)
    assert f"and main is back at {skipped[:7]}" in pushed.said
    assert branch(checkout, app) == skipped, "what was accepted stays"
    failed = app.server.podshift("deploy", app.name, failing, check=False)
    assert failed.returncode == 1
    assert branch(checkout, app) == skipped

    app.server.podshift("deploy", app.name)
    assert app.get() == (200, "hello from v2\n")
    checkout.version("v4", "crash")
    assert "main is back at it" in checkout.push(app).said
    assert branch(checkout, app) == skipped
    assert app.states() == ["retired", "failed", "failed", "live", "failed"]


def test_a_skipped_push_replaces_none_that_waits_for_its_deploy(app: App, checkout: Checkout) -> None:
    with AppLock(Home(app.server.home).lock(app.name), what="test", who="Ada"):
        push = checkout.start_push(app)
        wait_until(lambda: any("waiting for the" in log.read_text() for log in logs(app)), what="the push in the queue")
        checkout.version("v2")
        assert "accepted, not deployed (-o skip)" in checkout.push(app, "-o", "skip").said
    assert "is live" in finished(push).said
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live"]


def test_what_leaves_no_room_for_an_option_is_refused_before_anything_happens(app: App, checkout: Checkout) -> None:
    refused = {
        ("-o", "canary=0"): "canary must be a whole percentage from 1 to 99, not '0'",
        ("-o", "canary=10", "-o", "canary=20"): "the push option canary is given twice",
        ("-o", "gate", "-o", "skip"): "skip and gate contradict each other",
        ("-o", "message=\x1b[2J"): "the message must be one line of printable text",
        ("-o", f"message={'x' * 201}"): "the message has 201 characters",
        ("-o", "canary=10"): 'a canary is watched for the time of [web] watch, and that is "0s"',
    }
    for options, said in refused.items():
        pushed = checkout.push(app, *options)
        assert pushed.code != 0
        assert f"error: {said}" in pushed.said.replace("the push options ", ""), pushed.text
        assert "hint: " in pushed.said
    checkout.commit("Never two at once", podshift_toml=NO_CANARY.format(order="stop-first", watch="5s"))
    assert '[web] order = "stop-first" forbids that' in checkout.push(app, "-o", "canary=10").said
    app.server.podshift("gate", app.name, "on")
    assert f"the gate of {app.name} is shut" in checkout.push(app, "-o", "skip").said
    assert app.releases() == []
    assert branch_is_absent(checkout, app)


def branch_is_absent(checkout: Checkout, app: App) -> bool:
    return not checkout.git("ls-remote", str(app.repository), "main")


def test_the_flags_of_deploy_are_read_like_push_options(server: Server, app: App, checkout: Checkout) -> None:
    checkout.push(app)
    done = server.podshift("deploy", app.name, "--canary", "100", check=False)
    assert done.returncode == 1
    assert "canary must be a whole percentage from 1 to 99" in done.stderr
    done = server.podshift("deploy", app.name, "--canary", "10", check=False)
    assert (done.returncode, 'that is "0s"' in done.stderr) == (1, True)
    done = server.podshift("deploy", app.name, "--message", "", check=False)
    assert "the message is empty" in done.stderr
    assert app.get() == (200, "hello from v1\n")
