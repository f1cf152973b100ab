"""What podshift is for, tried hard: pushes of an app that dies at once, under clients that never retry."""

from collections.abc import Callable
from itertools import pairwise

from load import Load, Result, Tally
from server.checkout import Checkout
from server.installation import App

ROTATIONS = 5
VERSIONS = [f"r{number}" for number in range(ROTATIONS + 1)]
BEHAVIOUR = "abrupt"  # whatever is in flight at it when it gets SIGTERM is lost
SECONDS_EACH = 1.0  # enough for slow requests to be in flight, and for every connection to be in use


def push_under_load(app: App, checkout: Checkout) -> Result:
    """Push a first version, and five more under load; what the clients saw."""
    push_version(app, checkout, VERSIONS[0])
    with Load(app.server.url, host=app.host, clients=20, slow_clients=4) as load:
        for before, version in pairwise(VERSIONS):
            load.wait_for(answered_until(before, load.tally.now() + SECONDS_EACH))
            push_version(app, checkout, version)
            load.wait_for(answered_until(version, 0))
    return load.result


def answered_until(version: str, instant: float) -> Callable[[Tally], bool]:
    """Has an answer of this version come after that instant of the load?"""
    return lambda tally: version in tally.versions and tally.versions[version].last > instant


def push_version(app: App, checkout: Checkout, version: str) -> None:
    checkout.version(version, BEHAVIOUR)
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
