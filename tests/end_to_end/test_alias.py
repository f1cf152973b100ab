"""Without podshift's proxy: the network alias leads to an app, and a proxy of one's own finds it by DNS."""

from collections.abc import Iterator

import pytest

from load import Load
from server import App, Checkout, Server
from server.engines import take_away
from server.installation import created, ready, wait_until
from server.own_proxy import KINDS, own_proxy


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation without a proxy."""
    server = Server(tmp_path_factory.mktemp("plain") / "home", 0)
    with ready(server, "--listen", "none") as made:
        settings = made.home / "settings.toml"
        settings.write_text(settings.read_text().replace("settle_seconds = 5", "settle_seconds = 1"))
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


def test_what_does_not_get_ready_never_gets_the_name(aliased: App, checkout: Checkout) -> None:
    checkout.push(aliased)
    checkout.commit("Broken", behaviour_txt="wrong-port\n", podshift_toml='[web]\nready = { timeout = "1s" }\n')
    said = checkout.push(aliased).said
    assert "nothing listens on port 8080" in said
    assert "v1 (" in said
    assert "still serves" in said
    assert aliased.containers() == [f"{aliased.name}-web-1-1"]
    assert aliased.status()["urls"] == [f"http://{aliased.name}:8080/"]


def test_what_needs_podshifts_own_proxy_is_refused(aliased: App, checkout: Checkout) -> None:
    server, name = aliased.server, aliased.name
    assert "this installation has no proxy" in server.podshift("create", "other", check=False).stderr
    made = server.podshift("create", "other", "--proxy", "alias", "--domain", "other.example.com", check=False)
    assert "hint: leave out --domain" in made.stderr
    for command in (("domains", name, "add", "hello.example.com"), ("maintenance", name, "on")):
        assert f"{name} is found by its network alias" in server.podshift(*command, check=False).stderr
    assert not [one for one in server.json("doctor") if one["level"] == "error"]


def test_up_brings_it_back_under_its_name(aliased: App, checkout: Checkout) -> None:
    checkout.push(aliased)
    (container,) = aliased.containers()
    with own_proxy(aliased, "haproxy") as port:
        take_away(aliased.server, container)
        aliased.server.podshift("up")
        proxied = Server(aliased.server.home, port)
        wait_until(lambda: proxied.get("localhost") == (200, "hello from v1\n"), what="an answer by the old name")


def test_a_proxy_that_leads_to_apps_is_not_taken_away(server: Server, app: App) -> None:
    done = server.podshift("init", "--listen", "none", check=False)
    assert done.returncode == 1
    assert "the proxy leads requests to" in done.stderr
    assert server.settings["listen"] != "none"
