"""The main job: a push becomes a live release."""

from server import App, Checkout
from server.engines import STEP


def test_a_push_goes_live(app: App, checkout: Checkout) -> None:
    pushed = checkout.push(app)
    assert pushed.code == 0
    assert f'success: {app.name} v1 ({checkout.git("rev-parse", "HEAD")[:7]} "First") is live' in pushed.said
    assert app.get() == (200, "hello from v1\n")


def test_a_second_push_takes_over(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    commit = checkout.version("v2")
    pushed = checkout.push(app)
    assert "requests crossed the change, 0 failed" in pushed.said
    assert app.get() == (200, "hello from v2\n")
    assert app.states() == ["retired", "live"]
    assert app.status()["commit"] == commit
    assert app.containers() == [f"{app.name}-web-2-1"]


def test_the_whole_log_stays_readable(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    log = app.server.podshift("output", app.name, "v1").stdout
    assert STEP in log
    assert f"success: {app.name} v1" in log
