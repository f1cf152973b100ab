"""Deploys that fail: the old release serves on, nothing is left behind, and the pusher reads what went wrong."""

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from load import Load
from server import App, Checkout, Pushed, Server
from server.engines import PROGRAM
from server.installation import created
from server.traces import NOTHING, of_release, traces

SHORT = '[web]\nwatch = "0s"\nready = { timeout = "4s" }\n'
BROKEN_BUILD = """
FROM localhost/podshift-python
RUN echo compiling; echo "main.c:1: no such luck" >&2; exit 3
"""


class Serving(NamedTuple):
    """An app whose v1 is live, and its developer's checkout, which stands at v1."""

    app: App
    checkout: Checkout
    commit: str

    def push(self, behaviour: str) -> Pushed:
        """A version that behaves like this, pushed; the checkout is back at v1 afterwards."""
        self.checkout.version("broken", behaviour)
        return self.push_here()

    def push_here(self) -> Pushed:
        pushed = self.checkout.push(self.app)
        self.checkout.git("reset", "--quiet", "--hard", self.commit)
        return pushed

    def is_unchanged(self, error: str) -> None:
        """v1 serves, the branch is where it was, nothing is left of the release that failed with this error."""
        newest = self.app.releases()[0]
        assert (newest["state"], error in newest["error"]) == ("failed", True), newest
        assert self.app.get() == (200, "hello from v1\n")
        assert branch(self.app, self.checkout) == self.commit
        assert traces(self.app) == of_release(self.app, 1)


@pytest.fixture(scope="module")
def serving(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with created(server) as app:
        checkout = Checkout(tmp_path_factory.mktemp("serving") / "checkout")
        commit = checkout.commit("Short timeout", podshift_toml=SHORT)
        assert "is live" in checkout.push(app).said
        yield Serving(app, checkout, commit)


def branch(app: App, checkout: Checkout) -> str:
    return checkout.git("ls-remote", app.remote, "refs/heads/main").partition("\t")[0]


def test_a_build_that_fails(serving: Serving) -> None:
    serving.checkout.commit("Broken build", Containerfile=BROKEN_BUILD)
    pushed = serving.push_here()
    assert "compiling" in pushed.said
    shown = re.findall(r"main\.c:1: no such luck\s*$", pushed.text, re.MULTILINE)
    assert len(shown) == 1, "what was shown as it came is not shown again"
    assert f"error: {PROGRAM} build failed" in pushed.said
    assert "hint: what the build said is above: mend it, and push again" in pushed.said
    assert f"v1 ({serving.commit[:7]}) still serves, and main is back at it" in pushed.said
    serving.is_unchanged(f"{PROGRAM} build failed")


def test_a_container_that_exits_at_start_is_noticed_at_once(serving: Serving) -> None:
    serving.checkout.commit("Long timeout", podshift_toml=SHORT.replace("4s", "10m"))
    serving.checkout.version("broken", "crash")
    began = time.monotonic()
    with Load(serving.app.server.url, host=serving.app.host, clients=4) as load:
        load.wait_for(lambda tally: tally.requests > 20)
        pushed = serving.push_here()
    assert time.monotonic() - began < 60
    assert "exited at start" in pushed.said
    shown = [line for line in range(1, 31) if f"start, line {line}\n" in unpadded(pushed)]
    assert shown[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    # the engine starts it again and again: the last 17 lines may be the end of one run and the beginning of another
    assert len(shown) >= 15
    assert "lines left out)" in pushed.said
    assert load.result.failed == 0, load.result
    serving.is_unchanged("exited at start")


def unpadded(pushed: Pushed) -> str:
    """git's client fills lines with blanks, so that they overwrite its progress."""
    return "".join(f"{line.rstrip()}\n" for line in pushed.text.splitlines())


@pytest.mark.parametrize(
    ("behaviour", "seconds", "saw", "listens", "hint"),
    [
        ("never-ready", 4, "nothing listens on port 8080", "no port at all", "make the app listen on $PORT"),
        ("hangs", 4, "no answer to GET /", "0.0.0.0:8080", "a path that answers quickly"),
        ("wrong-port", 4, "nothing listens on port 8080", "0.0.0.0:8081", "make the app listen on $PORT"),
        ("loopback-only", 4, "it listens on port 8080, but only on 127.0.0.1", "127.0.0.1:8080", "listen on 0.0.0.0"),
        ("status-500", 8, "it answered 500 to GET /, and 100-499 is wanted", "0.0.0.0:8080", "web.ready"),
    ],
)
def test_a_container_that_does_not_get_ready(
    serving: Serving, behaviour: str, seconds: int, saw: str, listens: str, hint: str
) -> None:  # fmt: skip
    serving.checkout.commit("Patience", podshift_toml=SHORT.replace("4s", f"{seconds}s"))
    pushed = serving.push(behaviour)
    assert f"was not ready within {seconds} s: {saw}" in pushed.said
    assert f"the container listens on {listens} error:" in pushed.said
    assert hint in pushed.said.partition("hint: ")[2]
    serving.is_unchanged(f"was not ready within {seconds} s: {saw}")


@pytest.mark.parametrize(
    ("last_line", "hint"),
    [
        ("ENTRYPOINT []\nCMD []", "hint: the image has no command: give it a CMD"),
        ("USER nosuch", "hint: USER in the Containerfile is nobody whom the image knows"),
    ],
)
def test_a_container_that_cannot_be_started_at_all(serving: Serving, last_line: str, hint: str) -> None:
    own = (serving.checkout.folder / "Containerfile").read_text()
    serving.checkout.commit("Not to be started", Containerfile=f"{own}{last_line}\n")
    pushed = serving.push_here()
    assert f"error: {PROGRAM} run failed with status 12" in pushed.said
    assert hint in pushed.said
    serving.is_unchanged(f"{PROGRAM} run failed")


def test_the_same_push_can_be_made_again_and_then_a_mended_one(app: App, checkout: Checkout) -> None:
    checkout.version("v1", "crash")
    for _ in range(2):
        pushed = checkout.push(app)
        assert pushed.code == 0  # git's own: it had accepted the push before the deploy began
        assert "nothing was serving before, and main is away again" in pushed.said
        assert branch(app, checkout) == ""
        assert traces(app) == NOTHING
    assert app.get()[0] == 503
    checkout.version("v2")
    assert f"success: {app.name} v3" in checkout.push(app).said
    assert app.get() == (200, "hello from v2\n")
    assert app.states() == ["failed", "failed", "live"]
    assert traces(app) == of_release(app, 3)
