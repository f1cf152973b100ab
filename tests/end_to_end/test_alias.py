"""Without podshift's proxy: the network alias leads to an app, and a proxy of one's own finds it by DNS."""

from collections.abc import Iterator

import pytest

from load import Load
from server import App, Checkout, Server
from server.installation import created, ready
from server.own_proxy import KINDS, own_proxy


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation without a proxy."""
    server = Server(tmp_path_factory.mktemp("plain") / "home", 0)
    with ready(server, "--listen", "none") as made:
        yield made


@pytest.fixture
def aliased(plain: Server) -> Iterator[App]:
    with created(plain, "--proxy", "alias") as app:
        yield app


@pytest.mark.parametrize("kind", KINDS)
def test_a_push_is_seen_by_ones_own_proxy_and_loses_no_request(aliased: App, checkout: Checkout, kind: str) -> None:
    pushed = checkout.push(aliased)
    assert "v1 takes all requests" in pushed.said, pushed.text
    with own_proxy(aliased, kind) as port, Load(f"http://127.0.0.1:{port}", clients=4, methods=("GET",)) as load:
        load.wait_for(lambda tally: tally.requests > 100)
        checkout.version("v2")
        pushed = checkout.push(aliased)
        assert "is live" in pushed.said, pushed.text
        load.wait_for(lambda tally: "v2" in tally.versions)
    assert load.result.failed == 0, load.result
    assert set(load.result.versions) == {"v1", "v2"}
