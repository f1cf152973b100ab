"""A share of the requests, by lot, of a real HAProxy: right whoever asks, however many at once."""

import http.client
import math
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from podshift.proxy import begin_canary, end_canary
from podshift.settings import Home
from server.installation import wait_until
from server.switchboard import Switchboard, Upstream, an_app

HOST, OTHER_HOST = "hello.localhost", "other.localhost"
OLD, NEW = ["old-1", "old-2"], ["new-1", "new-2"]
REQUESTS = 3000
SIGMAS = 5  # a right share is outside of that once in 1.7 million runs


@pytest.fixture(scope="module")
def upstreams() -> Iterator[dict[str, Upstream]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Upstream(name)) for name in (*OLD, *NEW, "other")}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    board = Switchboard(Home(tmp_path_factory.mktemp("proxy")))
    board.write_files([an_app("hello", 0), an_app("other", 1)])
    with board.running():
        yield board


@pytest.fixture
def canary(board: Switchboard, upstreams: dict[str, Upstream]) -> Iterator[Switchboard]:
    """Two old upstreams that serve, two new ones that are ready and drained; another app beside them."""
    for name in (*OLD, *NEW):
        board.proxy.add("b0", upstreams[name].place)
    board.proxy.add("b1", upstreams["other"].place)
    board.wait_for_check("b0", *OLD, *NEW)
    board.wait_for_check("b1", "other")
    board.proxy.switch("b0", OLD, [])
    board.proxy.switch("b1", ["other"], [])
    yield board
    end_canary(board.proxy, "b0")
    for backend, servers in board.proxy.servers().items():
        for name in servers:
            wait_until(lambda backend=backend, name=name: board.proxy.forget(backend, name), what=f"{name} forgotten")


def ask(board: Switchboard, requests: int, *, clients: int = 1, host: str = HOST) -> Counter[str]:
    """Who answered so many requests, of clients that keep their connections."""

    def client(_: int) -> Counter[str]:
        connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=30)
        answers = Counter[str]()
        for _ in range(requests // clients):
            connection.request("GET", "/", headers={"Host": host})
            response = connection.getresponse()
            assert response.status == 200
            answers[response.read().decode().strip()] += 1
        connection.close()
        return answers

    with ThreadPoolExecutor(clients) as threads:
        return sum(threads.map(client, range(clients)), Counter[str]())


def within(count: int, share: float, of: int) -> bool:
    return abs(count - share * of) <= SIGMAS * math.sqrt(of * share * (1 - share))


@pytest.mark.parametrize("clients", [1, 20])
def test_the_share_of_the_requests_is_right(canary: Switchboard, clients: int) -> None:
    begin_canary(canary.proxy, "b0", NEW, 10)
    answers = ask(canary, REQUESTS, clients=clients)
    assert within(answers["new-1"] + answers["new-2"], 0.10, REQUESTS), answers
    assert within(answers["new-1"], 0.05, REQUESTS), answers
    assert within(answers["new-2"], 0.05, REQUESTS), answers
    assert min(answers[name] for name in OLD) > 0.3 * REQUESTS, "leastconn, about half of the rest for each"
    servers = canary.proxy.look("b0").servers
    assert {name: servers[name].answered for name in NEW} == {name: answers[name] for name in NEW}


def test_another_app_is_not_concerned(canary: Switchboard) -> None:
    begin_canary(canary.proxy, "b0", NEW, 99)
    assert ask(canary, 50, host=OTHER_HOST) == {"other": 50}


def test_it_ends_with_one_command_and_may_end_twice(canary: Switchboard) -> None:
    begin_canary(canary.proxy, "b0", NEW, 99)
    assert set(ask(canary, 50)) & set(NEW)
    end_canary(canary.proxy, "b0")
    end_canary(canary.proxy, "b0")
    assert canary.proxy.entries("canary") == {}
    assert set(ask(canary, 50)) == set(OLD)
    assert {canary.proxy.look("b0").servers[name].status for name in NEW} == {"DRAIN"}


def test_the_switch_after_a_canary_leaves_nothing_to_the_old(canary: Switchboard) -> None:
    begin_canary(canary.proxy, "b0", NEW, 50)
    ask(canary, 50)
    end_canary(canary.proxy, "b0")
    canary.proxy.switch("b0", NEW, OLD)
    assert set(ask(canary, 50)) == set(NEW)


def test_a_canary_that_fails_its_check_gets_nothing(canary: Switchboard, upstreams: dict[str, Upstream]) -> None:
    begin_canary(canary.proxy, "b0", ["new-1"], 99)
    assert ask(canary, 50)["new-1"]
    upstreams["new-1"].status = 500
    try:
        wait_until(lambda: canary.proxy.look("b0").servers["new-1"].status == "DOWN", what="a failed check")
        assert set(ask(canary, 50)) == set(OLD)
    finally:
        upstreams["new-1"].status = 200
