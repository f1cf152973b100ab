"""A real HAProxy, told what to do through its runtime socket, and never reloaded."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.proxy import Proxy, maps
from podshift.records import Placed
from podshift.settings import Home
from server.installation import wait_until
from server.switchboard import Switchboard, Upstream, an_app, path_of

HELLO, OTHER = an_app("hello", 0, "hello.example.com"), an_app("other", 1, "other.example.com")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    """Its home's path alone is longer than the 107 bytes that a Unix socket's may have."""
    home = Home(path_of(120, tmp_path_factory.mktemp("proxy")))
    board = Switchboard(home)
    board.write_files([HELLO, OTHER])
    with board.running():
        yield board


@pytest.fixture(autouse=True)
def _clean(board: Switchboard) -> Iterator[None]:
    """No test leaves an upstream behind."""
    yield
    for backend, servers in board.proxy.servers().items():
        for name in servers:
            wait_until(lambda backend=backend, name=name: board.proxy.forget(backend, name), what=f"{name} forgotten")


def live(board: Switchboard, backend: str, upstream: Upstream) -> None:
    """Added, ready, and switched on."""
    board.proxy.add(backend, upstream.place)
    board.wait_for_check(backend, upstream.name)
    board.proxy.switch(backend, [upstream.name], [])


def test_a_new_upstream_is_checked_and_gets_nothing_until_it_is_switched_on(board: Switchboard) -> None:
    with Upstream("v1", "/healthz?full=1") as v1:
        board.proxy.add("b0", v1.place)
        board.wait_for_check("b0", "v1")
        state = board.proxy.look("b0").servers["v1"]
        assert state.status == "DRAIN"
        assert state.code == 200
        assert state.answered == 0
        assert v1.asked == {("hello.example.com", "/healthz?full=1")}
        assert board.get("hello.localhost")[0] == 503
        board.proxy.switch("b0", ["v1"], [])
        assert board.get("hello.localhost") == (200, "v1")


def test_the_proxy_says_what_its_check_saw(board: Switchboard) -> None:
    with Upstream("v1") as v1:
        v1.status = 500
        board.proxy.add("b0", v1.place)
        board.wait_for_check("b0", "v1", check="L7STS")
        assert board.proxy.look("b0").servers["v1"].code == 500
        nobody = Placed("v2", "web", "127.0.0.1", 1)
        board.proxy.add("b0", nobody)
        board.wait_for_check("b0", "v2", check="L4CON")
        assert board.proxy.look("b0").servers["v2"].code is None


def test_a_switch_moves_new_requests_and_lets_those_in_flight_finish(board: Switchboard) -> None:
    with Upstream("v1") as v1, Upstream("v2") as v2, ThreadPoolExecutor() as clients:
        live(board, "b0", v1)
        slow = clients.submit(board.get, "hello.localhost", "/slow")
        assert v1.slow.acquire(timeout=10)
        board.proxy.add("b0", v2.place)
        board.wait_for_check("b0", "v2")
        board.proxy.switch("b0", ["v2"], ["v1"])
        assert {board.get("hello.localhost") for _ in range(5)} == {(200, "v2")}
        assert board.proxy.look("b0").servers["v1"].in_flight == 1
        v1.finish.set()
        assert slow.result() == (200, "v1")
        wait_until(lambda: board.proxy.look("b0").servers["v1"].drained, what="v1 drained")


def test_what_is_in_flight_when_the_drain_time_is_up_can_be_cut(board: Switchboard) -> None:
    with Upstream("v1") as v1, ThreadPoolExecutor() as clients:
        live(board, "b0", v1)
        slow = clients.submit(board.get, "hello.localhost", "/slow")
        assert v1.slow.acquire(timeout=10)
        board.proxy.switch("b0", [], ["v1"])
        board.proxy.cut("b0", "v1")
        assert slow.result()[0] in (502, 503)
        wait_until(lambda: board.proxy.look("b0").servers["v1"].drained, what="v1 drained")


def test_the_proxy_lets_go_of_a_kept_connection_before_an_app_does(board: Switchboard) -> None:
    """gunicorn does after 2 s; a POST that was on its way just then would be lost."""
    with Upstream("v1") as v1, contextlib.ExitStack() as stack:
        live(board, "b0", v1)
        for _ in range(32):  # the first request of each goes over a connection of its own
            client = HTTPConnection("127.0.0.1", board.port, timeout=10)
            stack.callback(client.close)
            client.request("POST", "/", headers={"Host": "hello.localhost"})
            client.getresponse().read()
        wait_until(lambda: len(v1.idle) >= 32, what="all connections closed")
        assert max(v1.idle) < 2


def test_an_upstream_is_forgotten_only_when_nothing_is_in_flight(board: Switchboard) -> None:
    with Upstream("v1", "/ready") as v1, ThreadPoolExecutor() as clients:
        live(board, "b0", v1)
        slow = clients.submit(board.get, "hello.localhost", "/slow")
        assert v1.slow.acquire(timeout=10)
        board.proxy.switch("b0", [], ["v1"])
        assert not board.proxy.forget("b0", "v1")
        v1.finish.set()
        assert slow.result() == (200, "v1")
        wait_until(lambda: board.proxy.forget("b0", "v1"), what="v1 forgotten")
        assert "v1" not in board.proxy.look("b0").servers
        assert "v1" not in board.proxy.entries("ready")
        assert board.proxy.forget("b0", "v1"), "gone already is as good"


def test_an_app_s_upstreams_come_and_go_without_the_other_app_s_noticing(board: Switchboard) -> None:
    with Upstream("v1") as v1, Upstream("v2") as v2, Upstream("other-1") as other, ThreadPoolExecutor() as clients:
        live(board, "b0", v1)
        live(board, "b1", other)
        slow = clients.submit(board.get, "other.localhost", "/slow")
        assert other.slow.acquire(timeout=10)
        before = board.proxy.look("b1").servers
        live(board, "b0", v2)
        board.proxy.switch("b0", [], ["v1"])
        wait_until(lambda: board.proxy.forget("b0", "v1"), what="v1 forgotten")
        assert board.proxy.look("b1").servers == before
        other.finish.set()
        assert slow.result() == (200, "other-1")
        assert {name: set(found) for name, found in board.proxy.servers().items()} == {"b0": {"v2"}, "b1": {"other-1"}}


def test_requests_and_failures_are_counted_for_the_app_and_for_each_upstream(board: Switchboard) -> None:
    with Upstream("v1") as v1:
        live(board, "b0", v1)
        before = board.proxy.look("b0")
        for status in (200, 404, 500, 503):
            v1.status = status
            assert board.get("hello.localhost")[0] == status
        after = board.proxy.look("b0")
        assert (after.requests - before.requests, after.failed - before.failed) == (4, 2)
        assert (after.servers["v1"].answered, after.servers["v1"].failed) == (4, 2)


def test_a_host_put_into_the_map_is_served_at_once(board: Switchboard) -> None:
    with Upstream("v1") as v1:
        live(board, "b0", v1)
        assert board.get("shop.example.com") == (404, "No app answers to this name.")
        board.proxy.put("hosts", "shop.example.com", "b0")
        assert board.get("Shop.Example.COM:8080") == (200, "v1")
        board.proxy.put("hosts", "shop.example.com", "b1")
        assert board.get("shop.example.com")[0] == 503


def test_a_map_is_made_equal_to_what_is_wanted_however_long_it_is(board: Switchboard) -> None:
    many = {f"host-{number}.example.com": f"b{number % 4}" for number in range(130)}
    board.proxy.replace("hosts", many)
    assert board.proxy.entries("hosts") == many
    board.proxy.replace("hosts", {"host-1.example.com": "b3", "hello.localhost": "b0", "other.localhost": "b1"})
    assert board.proxy.entries("hosts") == {
        "host-1.example.com": "b3",
        "hello.localhost": "b0",
        "other.localhost": "b1",
    }


def test_the_running_proxy_says_which_maps_it_has(board: Switchboard) -> None:
    """One that an older podshift started lacks what came later."""
    assert board.proxy.maps() == maps([], {}).keys()
    assert board.proxy.serves_edge()
    with pytest.raises(PodshiftError, match="Unknown map") as failure:
        board.proxy.replace("of-next-year", {"a": "b"})
    assert failure.value.hint == "podshift init"


def test_a_request_is_held_until_an_upstream_is_there(board: Switchboard) -> None:
    board.proxy.put("hold", "b0", "20")
    held = board.proxy.held("b0")
    try:
        with Upstream("v1") as v1, ThreadPoolExecutor() as clients:
            waiting = clients.submit(board.get, "hello.localhost", timeout=30)
            wait_until(lambda: board.proxy.held("b0") > held, what="a held request")
            assert not waiting.done()
            live(board, "b0", v1)
            assert waiting.result() == (200, "v1")
    finally:
        board.proxy.put("hold", "b0", "0")


@pytest.mark.parametrize(
    "name", ["v1; shutdown sessions server b1/other-1", "v1\nshow info", "a b", "", "$(x)", "v1\\;x", "v1#"]
)
def test_nothing_but_a_word_gets_into_a_command(board: Switchboard, name: str) -> None:
    place = Placed("v1", "web", "127.0.0.1", 1)
    for attempt in (
        lambda: board.proxy.add("b0", Placed(name, "web", "127.0.0.1", 1)),
        lambda: board.proxy.add("b0", Placed("v1", "web", name, 1)),
        lambda: board.proxy.add("b0", Placed("v1", "web", "127.0.0.1", 1, name)),
        lambda: board.proxy.switch("b0", [name], []),
        lambda: board.proxy.forget(name, place.name),
        lambda: board.proxy.put("hosts", name, "b0"),
        lambda: board.proxy.replace("hosts", {"x.example.com": name}),
        lambda: board.proxy.look(name),
    ):
        with pytest.raises(PodshiftError, match="cannot be told to the proxy"):
            attempt()
    assert "v1" not in board.proxy.look("b0").servers


def test_what_the_proxy_refuses_is_an_error_in_its_own_words(board: Switchboard) -> None:
    with pytest.raises(PodshiftError, match="the proxy has no backend b99"):
        board.proxy.look("b99")
    with pytest.raises(PodshiftError, match="No such server"):
        board.proxy.switch("b0", ["nobody"], [])
    with Upstream("v1") as v1:
        board.proxy.add("b0", v1.place)
        with pytest.raises(PodshiftError, match=r"the proxy refused v1: .*exists"):
            board.proxy.add("b0", v1.place)


def test_commands_of_several_threads_do_not_get_mixed_up(board: Switchboard) -> None:
    def ask(number: int) -> bool:
        board.proxy.put("hold", f"b{number % 4}", str(number))
        return set(board.proxy.servers()) <= {"b0", "b1"} and board.proxy.reachable()

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(ask, range(20)))
    for number in range(4):
        board.proxy.put("hold", f"b{number}", "0")


def test_a_proxy_that_is_not_there_is_an_error_with_a_hint(tmp_path: Path) -> None:
    nobody = Proxy(tmp_path)
    assert not nobody.reachable()
    assert not Proxy(tmp_path / "gone").reachable()
    with pytest.raises(PodshiftError, match="the proxy does not answer") as caught:
        nobody.look("b0")
    assert caught.value.hint == "podshift up"


def test_a_restarted_proxy_comes_back_as_the_files_say(tmp_path: Path) -> None:
    board = Switchboard(Home(tmp_path))
    with Upstream("v1") as v1:
        board.write_files([HELLO], {"hello": [v1.place]})
        with board.running():
            board.wait_for_check("b0", "v1")
            assert board.get("hello.localhost") == (200, "v1")
            assert board.proxy.look("b0").servers["v1"].status == "UP"
