"""A release that was ready and then does badly: traffic goes back to the one before, by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from load import Load
from server import App, Checkout
from server.engines import take_away
from server.faults import an_ordinary_push_works
from server.inside import proxy_of
from server.installation import created, installed, wait_until
from server.under_way import finished, until_said

WATCHED = '[web]\nwatch = "20s"\nready = { path = "/healthz" }\n'


def test_a_version_that_answers_500_is_turned_back(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    live = checkout.git("rev-parse", "HEAD")
    checkout.commit("Watched", podshift_toml=WATCHED)
    checkout.version("v2", "errors")
    with Load(app.server.url, host=app.host, clients=8) as load:
        load.wait_for(lambda tally: tally.requests > 100)
        pushed = checkout.push(app)
    assert "answers failed, more than 10% (web.max_errors)" in pushed.said
    assert "v1 takes all requests again" in pushed.said
    failures = [failure for failure in load.result.failures if failure.kind == "status 500"]
    assert len(failures) == load.result.failed, load.result
    assert failures[-1].at - failures[0].at < 1.0
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live", "failed"]
    assert app.containers() == [f"{app.name}-web-1-1"]
    assert checkout.git("ls-remote", app.remote, "main").split()[0] == live


def test_a_container_that_dies_while_watched_is_turned_back(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.commit("Watched", podshift_toml=WATCHED)
    checkout.version("v2")
    push = checkout.start_push(app)
    wait_until(lambda: app.get() == (200, "hello from v2\n"), what="the switch")
    app.server.engine("kill", f"{app.name}-web-2-1")
    text, _ = push.communicate(timeout=60)
    assert f"{app.name}-web-2-1 exited" in text
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live", "failed"]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[App, str]]:
    """An app whose proxy may be broken, and the name of that."""
    with installed(tmp_path / "home") as server, created(server) as app:
        yield app, proxy_of(server)


def test_a_proxy_that_starts_anew_while_a_release_is_watched(own: tuple[App, str], checkout: Checkout) -> None:
    """By `podshift edge on` or `init`, or because it crashed: nobody has to put anything right."""
    app, proxy = own
    checkout.push(app)
    checkout.commit("Watched", podshift_toml='[web]\nwatch = "2s"\n', version_txt="v2\n")
    push = checkout.start_push(app)
    until_said(app, 2, "takes all requests")
    app.server.engine("restart", "--time=0", proxy)
    assert "is live" in finished(push).said
    assert app.get() == (200, "hello from v2\n")
    an_ordinary_push_works(app, checkout, "v3")


@pytest.mark.faults
def test_a_proxy_that_is_gone_while_a_release_is_watched(own: tuple[App, str], checkout: Checkout) -> None:
    """The release is turned back, and the proxy comes back with the old one."""
    app, proxy = own
    checkout.push(app)
    checkout.commit("Watched", podshift_toml=WATCHED, version_txt="v2\n")
    push = checkout.start_push(app)
    until_said(app, 2, "takes all requests")
    take_away(app.server, proxy)
    said = finished(push).said
    assert "the proxy does not answer" in said
    assert "putting things right" in said
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live", "failed"]
    an_ordinary_push_works(app, checkout, "v3")


def test_errors_that_the_release_before_had_too_are_no_reason(app: App, checkout: Checkout) -> None:
    checkout.commit("Watched", podshift_toml=WATCHED.replace("20s", "2s"))
    checkout.version("v1", "errors")
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=4) as load:
        load.wait_for(lambda tally: tally.requests > 100)
        checkout.version("v2", "errors")
        pushed = checkout.push(app)
    assert "is live" in pushed.said
    assert app.states() == ["retired", "live"]
