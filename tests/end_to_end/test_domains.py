"""Domains: whose a host is, and that it may change while requests run."""

from collections.abc import Iterator

import pytest

from load import Load
from podshift.settings import Home
from server import App, Checkout, Server
from server.installation import created

NO_APP = (404, "No app answers to this name.\n")
NOTHING_RUNNING = (503, "This app has nothing running just now.\n")


@pytest.fixture(scope="module")
def shop_itself(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that runs v1."""
    with created(server) as app:
        Checkout(tmp_path_factory.mktemp("shop") / "checkout").push(app)
        yield app


@pytest.fixture(scope="module")
def blog_itself(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Another that runs v2."""
    with created(server, "--domain", "blog.example") as app:
        checkout = Checkout(tmp_path_factory.mktemp("blog") / "checkout")
        checkout.version("v2")
        checkout.push(app)
        yield app


@pytest.fixture
def shop(shop_itself: App) -> Iterator[App]:
    yield shop_itself
    take_away(shop_itself)


@pytest.fixture
def blog(blog_itself: App) -> Iterator[App]:
    yield blog_itself
    take_away(blog_itself, but="blog.example")


def take_away(app: App, but: str = "") -> None:
    if names := [name for name in app.server.json("domains", app.name) if name != but]:
        domains(app, "remove", *names)


def domains(app: App, *words: str, check: bool = True) -> str:
    done = app.server.podshift("domains", app.name, *words, check=check)
    return done.stdout + done.stderr


def test_domains_change_without_losing_a_request_of_any_app(shop: App, blog: App) -> None:
    domains(shop, "add", "shop.example")
    with (
        Load(shop.server.url, host="shop.example", clients=8) as of_shop,
        Load(blog.server.url, host=blog.host, clients=8) as of_blog,
    ):
        of_shop.wait_for(lambda tally: tally.requests > 50)
        for number in range(3):
            domains(shop, "add", f"www{number}.example", "*.shop.example")
            assert shop.server.get(f"www{number}.example") == (200, "hello from v1\n")
            assert shop.server.get("any.shop.example") == (200, "hello from v1\n")
            domains(shop, "remove", f"www{number}.example", "*.shop.example")
            domains(blog, "add", f"www{number}.example")
            assert shop.server.get(f"www{number}.example") == (200, "hello from v2\n")
        seen = of_shop.tally.requests
        of_shop.wait_for(lambda tally: tally.requests > seen + 50)
    assert of_shop.result.failed == 0, of_shop.result
    assert of_blog.result.failed == 0, of_blog.result
    assert shop.server.json("domains", shop.name) == ["shop.example"]
    assert domains(blog) == "blog.example\nwww0.example\nwww1.example\nwww2.example\n"


def test_exact_wins_over_wildcard_and_the_longer_wildcard_over_the_shorter(shop: App, blog: App) -> None:
    domains(shop, "add", "*.example.com", "api.blog.example.com")
    domains(blog, "add", "*.blog.example.com", "www.example.com")
    for host, version in [
        ("a.example.com", "v1"),
        ("deep.down.example.com", "v1"),
        ("blog.example.com", "v1"),
        ("www.example.com", "v2"),
        ("a.blog.example.com", "v2"),
        ("api.blog.example.com", "v1"),
        ("api.api.blog.example.com", "v2"),
    ]:
        assert shop.server.get(host) == (200, f"hello from {version}\n"), host
    for host in ("example.com", "notexample.com", "com"):
        assert shop.server.get(host) == NO_APP, host
    domains(blog, "remove", "*.blog.example.com")
    assert shop.server.get("a.blog.example.com") == (200, "hello from v1\n")


def test_a_host_is_the_same_with_capitals_port_and_final_dot(server: Server) -> None:
    with created(server, "--domain", "Shop.Example.", "--domain", "*.shop.example"):
        for host in ("shop.example", "Shop.EXAMPLE", "shop.example.", "shop.example:8080", "SHOP.example.:80"):
            assert server.get(host) == NOTHING_RUNNING, host
            assert server.get(f"A.b.{host}") == NOTHING_RUNNING, host


def test_unknown_hosts_get_a_page_of_the_proxy(shop: App) -> None:
    assert shop.server.get("whoever.example") == (200, "hello from v1\n")  # it has no domain: it takes them all
    domains(shop, "add", "shop.example")
    assert shop.server.get("whoever.example") == NO_APP
    assert shop.get() == (200, "hello from v1\n")
    domains(shop, "remove", "shop.example")
    assert shop.server.get("whoever.example") == (200, "hello from v1\n")


def test_a_domain_has_one_owner(server: Server, app: App) -> None:
    domains(app, "add", "shop.example", "*.shop.example")
    with created(server, "--domain", "other.example") as other:
        for taken in ("shop.example", "*.SHOP.example", app.host):
            assert f"belongs to {app.name} already" in domains(other, "add", "new.example", taken, check=False)
            assert server.json("domains", other.name) == ["other.example"]
        domains(other, "add", "a.shop.example")  # an exact name below somebody's wildcard is a name of its own
        refused = server.podshift("create", "never-made", "--domain", "shop.example", check=False)
        assert f"shop.example belongs to {app.name} already" in refused.stderr
        assert "does not have shop.example" in domains(other, "remove", "other.example", "shop.example", check=False)
        assert server.json("domains", other.name) == ["other.example", "a.shop.example"]
    domains(app, "add", "other.example", "other.example")  # the other is gone, and its domains are free
    assert server.json("domains", app.name) == ["shop.example", "*.shop.example", "other.example"]


def test_what_is_no_domain_is_refused(app: App) -> None:
    done = app.server.podshift("domains", app.name, "add", "good.example", "http://a.example", check=False)
    assert (done.returncode, "'http://a.example' is no domain" in done.stderr) == (1, True), done.stderr
    assert app.server.json("domains", app.name) == []
    assert app.server.podshift("domains", app.name, "add", check=False).returncode == 2
    assert app.server.podshift("domains", app.name, "good.example", check=False).returncode == 2


def test_a_proxy_that_starts_anew_knows_the_domains(shop: App) -> None:
    domains(shop, "add", "shop.example", "*.shop.example")
    shop.server.engine("kill", Home(shop.server.home).proxy_name)
    shop.server.podshift("up")
    assert shop.server.get("shop.example") == (200, "hello from v1\n")
    assert shop.server.get("a.b.shop.example") == (200, "hello from v1\n")
    assert shop.server.get("whoever.example") == NO_APP
