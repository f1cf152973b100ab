"""Not one request is lost."""

from collections.abc import Callable

from server import App, Checkout
from server.rotations import ROTATIONS, VERSIONS, push_under_load


def test_not_one_request_is_lost(app: App, checkout: Checkout, measured: Callable[[str], None]) -> None:
    result = push_under_load(app, checkout)
    measured(f"{ROTATIONS} rotations of an app that dies at once: {result}")
    assert result.failed == 0, result
    assert list(result.versions) == VERSIONS
    assert result.by_method.keys() == {"GET", "POST", "slow"}
