"""The proxy's files, from what the records say, and what a real HAProxy makes of them."""

import re
import stat
import subprocess
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.proxy import copy_static_files, maps, prepare_files
from podshift.records import App, Placed
from podshift.settings import Home, make_private
from server.switchboard import Switchboard, an_app


def web(name: str, address: str, **more: object) -> Placed:
    return Placed(name, "web", address, 8080, **more)  # type: ignore[arg-type]


HELLO = an_app("hello", 2, "hello.example.com", "www.example.com")
SHOP = an_app("shop", 0)
BLOG = an_app("blog", 1)
PLACED = {
    "hello": [
        web("hello-web-3-1", "10.89.1.130", ready_path="/healthz", hold=15),
        web("hello-web-3-2", "10.89.1.131", ready_path="/healthz", hold=15),
        Placed("hello-worker-3-1", "worker", "10.89.1.132", 8080, hold=15),
    ],
    "blog": [web("blog-web-1-1", "10.89.2.128")],
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    make_private(home.proxy_folder)
    return home


def config(home: Home, apps: tuple[App, ...] = (HELLO, SHOP, BLOG)) -> str:
    prepare_files(home, backends=4, maxconn=100, apps=apps, placed=PLACED).install()
    return (home.proxy_folder / "haproxy.cfg").read_text()


def test_every_host_leads_to_its_app_s_backend() -> None:
    assert maps([HELLO, SHOP, BLOG], PLACED)["hosts"] == {
        "hello.example.com": "b2",
        "www.example.com": "b2",
        "hello.localhost": "b2",
        "shop.localhost": "b0",
        "blog.localhost": "b1",
        "*": "b0",  # the oldest app without a domain answers to every host that nobody has
    }


def test_without_an_app_that_has_no_domain_unknown_hosts_lead_nowhere() -> None:
    assert "*" not in maps([HELLO], {})["hosts"]


def test_wildcards_are_written_backwards_so_that_the_longest_beginning_wins() -> None:
    hello = an_app("hello", 2, "*.example.com", "example.com")
    found = maps([hello], {})
    assert found["wildcards"] == {"moc.elpmaxe.": "b2"}
    assert found["hosts"] == {"hello.localhost": "b2", "example.com": "b2"}
    assert found["check-host"] == {"b2": "hello.example.com"}


def test_a_maintenance_message_is_one_word_of_a_map() -> None:
    hello = an_app("hello", 2)._replace(maintenance="Back at 14:00 – 100% sure")
    assert maps([hello, SHOP], {})["maintenance"] == {"b2": "Back%20at%2014%3A00%20%E2%80%93%20100%25%20sure"}


def test_the_other_maps_say_how_each_app_is_checked_and_held() -> None:
    found = maps([HELLO, SHOP, BLOG], PLACED)
    assert found["check-host"] == {"b2": "hello.example.com", "b0": "shop.localhost", "b1": "blog.localhost"}
    assert found["ready"] == {"hello-web-3-1": "/healthz", "hello-web-3-2": "/healthz", "blog-web-1-1": "/"}
    assert found["hold"] == {"b2": "15", "b1": "0"}


def test_the_configuration_has_every_backend_and_the_web_containers_of_each(home: Home) -> None:
    text = config(home)
    assert re.findall(r"^backend (\w+)$", text, re.MULTILINE) == ["b0", "b1", "b2", "b3"]
    assert re.findall(r"^    server (\S+ \S+) check ", text, re.MULTILINE) == [
        "blog-web-1-1 10.89.2.128:8080",
        "hello-web-3-1 10.89.1.130:8080",
        "hello-web-3-2 10.89.1.131:8080",
    ]


def test_map_files_hold_the_maps(home: Home) -> None:
    config(home)
    for name, entries in maps([HELLO, SHOP, BLOG], PLACED).items():
        lines = (home.proxy_folder / f"{name}.map").read_text().splitlines()
        assert dict(line.split(" ") for line in lines) == entries, name


def test_prepared_files_change_nothing_until_they_are_installed(home: Home) -> None:
    before = config(home)
    hosts = (home.proxy_folder / "hosts.map").read_text()
    prepared = prepare_files(home, backends=1, maxconn=100, apps=[BLOG], placed={})
    assert (home.proxy_folder / "haproxy.cfg").read_text() == before
    assert (home.proxy_folder / "hosts.map").read_text() == hosts
    prepared.install()
    assert (home.proxy_folder / "haproxy.cfg").read_text() != before
    assert (home.proxy_folder / "hosts.map").read_text() == "* b1\nblog.localhost b1\n"
    assert sorted(path.name for path in home.proxy_folder.iterdir()) == [
        "canary.map",
        "check-host.map",
        "haproxy.cfg",
        "hold.map",
        "hosts.map",
        "hsts.map",
        "links.map",
        "maintenance.map",
        "networks.map",
        "ready.map",
        "redirect.map",
        "wildcards.map",
    ]


def test_an_operator_s_template_and_pages_go_before_podshift_s(home: Home) -> None:
    make_private(home.templates)
    (home.templates / "haproxy.cfg.j2").write_text("# ours\n{% for one in backends %}{{ one.name }} {% endfor %}")
    (home.templates / "404.txt").write_text("Nobody here.\n")
    assert config(home) == "# ours\nb0 b1 b2 b3 "
    copy_static_files(home)
    assert (home.proxy_folder / "404.txt").read_text() == "Nobody here.\n"
    assert "503 Service Unavailable" in (home.proxy_folder / "503.http").read_text()


def test_a_broken_template_leaves_the_files_as_they_were(home: Home) -> None:
    before = config(home)
    make_private(home.templates)
    (home.templates / "haproxy.cfg.j2").write_text("global\n    maxconn {{ maxcon }}\n")
    with pytest.raises(PodshiftError, match=r"haproxy\.cfg\.j2, line 2: .*'maxcon' is undefined"):
        config(home)
    assert (home.proxy_folder / "haproxy.cfg").read_text() == before


def test_haproxy_finds_nothing_to_warn_about(tmp_path: Path) -> None:
    board = Switchboard(Home(tmp_path))
    board.write_files([HELLO, SHOP, BLOG], PLACED)
    path = board.config()
    done = subprocess.run(["haproxy", "-c", "-f", path], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0
    assert "warning" not in (done.stdout + done.stderr).lower()


def test_the_folders_are_for_this_user_alone(tmp_path: Path) -> None:
    Switchboard(Home(tmp_path / "home"))
    for folder in (tmp_path / "home", tmp_path / "home" / "proxy", tmp_path / "home" / "run"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(("processors", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (16, 8)])
def test_haproxy_takes_half_of_the_processors(
    home: Home, monkeypatch: pytest.MonkeyPatch, processors: int, threads: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(processors)))
    assert f"    nbthread {threads}\n" in config(home)
