"""A release that was ready and then does badly: traffic goes back to the one before, by itself."""

from load import Load
from server import App, Checkout
from server.installation import wait_until

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
