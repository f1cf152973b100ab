"""Maintenance: a page in place of the app, while everything behind it goes on."""

import http.client
from collections.abc import Iterator

import pytest

from load import Load, Tally
from podshift.settings import Home
from server import App, Checkout, Server
from server.installation import created

DEFAULT = (503, "This site is being worked on and will be back soon.\n")


@pytest.fixture
def neighbour(server: Server, checkout: Checkout) -> Iterator[App]:
    with created(server) as app:
        checkout.push(app)
        yield app


def maintenance(app: App, *words: str) -> str:
    return app.server.podshift("maintenance", app.name, *words).stdout


def test_a_page_in_place_of_the_app_and_of_no_other(app: App, neighbour: App, checkout: Checkout) -> None:
    checkout.push(app)
    with Load(app.server.url, host=neighbour.host, clients=8) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        said = maintenance(app, "on", "--message", "Zurück um 14:00 – \"100 %\" sicher; %[src] 'hier' \\n <b>")
        assert said.startswith(f"maintenance of {app.name} is on: Zurück um 14:00")
        connection = http.client.HTTPConnection("127.0.0.1", app.server.port, timeout=10)
        connection.request("POST", "/", body="data", headers={"Host": app.host, "Connection": "close"})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.read().decode() == "Zurück um 14:00 – \"100 %\" sicher; %[src] 'hier' \\n <b>\n"
        connection.close()
        assert maintenance(app, "off") == f"maintenance of {app.name} is off\n"
        assert app.get() == (200, "hello from v1\n")
    assert load.result.failed == 0, load.result


def test_a_release_goes_live_behind_the_page(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    maintenance(app, "on")
    assert app.get() == DEFAULT
    checkout.version("v2")
    assert "is live" in checkout.push(app).said
    assert app.get() == DEFAULT
    (container,) = app.status()["processes"]["web"]
    assert container == {"container": f"{app.name}-web-2-1", "state": "running", "upstream": "up"}
    maintenance(app, "off")
    assert app.get() == (200, "hello from v2\n")


def test_the_page_comes_and_goes_without_a_broken_connection(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=8) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        maintenance(app, "on")
        load.wait_for(lambda tally: tally.failed > 20)
        maintenance(app, "off")
        seen = answered(load.tally)
        load.wait_for(lambda tally: answered(tally) > seen + 50)
    assert load.result.by_kind.keys() == {"status 503"}, load.result


def answered(tally: Tally) -> int:
    return tally.requests - tally.failed


def test_it_is_remembered_and_shown(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    maintenance(app, "on", "--message", "Back at noon.")
    assert app.server.json("maintenance", app.name) == {"app": app.name, "maintenance": "Back at noon."}
    assert app.status()["maintenance"] == "Back at noon."
    assert "maintenance: Back at noon." in app.server.podshift("status", app.name).stdout
    app.server.engine("kill", Home(app.server.home).proxy_name)
    app.server.podshift("up")
    assert app.get() == (503, "Back at noon.\n")
    maintenance(app, "on", "--message", "Later.")
    assert app.get() == (503, "Later.\n")
    maintenance(app, "off")
    assert app.status()["maintenance"] is None


def test_messages(app: App) -> None:
    longest = "🎈" * 1000
    maintenance(app, "on", "--message", longest)
    assert app.get() == (503, f"{longest}\n")
    for message in ("two\nlines", "\x1b[31mred", " ", longest + "!"):
        refused = app.server.podshift("maintenance", app.name, "on", "--message", message, check=False)
        assert (refused.returncode, "the message" in refused.stderr) == (1, True), refused.stderr
    assert app.server.podshift("maintenance", app.name, "off", "--message", "x", check=False).returncode == 2
    assert app.get() == (503, f"{longest}\n")
