"""Apps that must never run twice: the proxy holds requests while nobody is there, and loses none."""

import re

from load import Load
from server import App, Checkout

STOP_FIRST = '[web]\norder = "stop-first"\nwatch = "0s"\n'


def test_stop_first_loses_no_request_and_never_runs_two(app: App, checkout: Checkout) -> None:
    checkout.commit("Never twice", podshift_toml=STOP_FIRST)
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=12) as load:
        load.wait_for(lambda tally: tally.requests > 100)
        for number in (2, 3):
            checkout.version(f"v{number}", "abrupt")
            pushed = checkout.push(app)
            assert re.search(r"[1-9]\d* requests? (was|were) held", pushed.said), pushed.text
        load.wait_for(lambda tally: "v3" in tally.versions)
    assert load.result.failed == 0, load.result
    versions = load.result.versions
    assert versions["v2"].first > versions["v1"].last
    assert versions["v3"].first > versions["v2"].last


def test_a_stop_first_version_that_never_starts_gives_way_to_the_old_one(app: App, checkout: Checkout) -> None:
    checkout.commit("Never twice", podshift_toml=STOP_FIRST)
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=6) as load:
        load.wait_for(lambda tally: tally.requests > 100)
        checkout.version("v2", "crash")
        pushed = checkout.push(app)
        before = load.tally.requests
        load.wait_for(lambda tally: tally.requests > before + 100)
    assert "exited at start" in pushed.said
    assert load.result.failed == 0, load.result
    assert app.states() == ["live", "failed"]
    assert app.containers() == [f"{app.name}-web-1-1"]


def test_requests_are_held_while_the_only_container_is_restarted(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=4) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        app.server.engine("stop", "--time=0", f"{app.name}-web-1-1")
        before = load.tally.requests
        app.server.engine("start", f"{app.name}-web-1-1")
        load.wait_for(lambda tally: tally.requests > before + 50)
    lost_in_flight = {"status 502", "closed", "reset"}
    assert set(load.result.by_kind) <= lost_in_flight, load.result
    assert load.result.failed <= 8, load.result
