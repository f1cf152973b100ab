"""A plan performed on a real HAProxy and real processes; and when a step fails, every step before it taken back."""

import errno
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from pathlib import Path

import pytest

from load import Load
from podshift.errors import Cancelled, PodshiftError
from podshift.model import Order, Readiness
from podshift.proxy import Proxy
from podshift.readiness import await_ready
from podshift.rotate import New, Rotation, plan_rotation
from podshift.settings import Home
from server.installation import wait_until
from server.processes import ProcessEngine, new_container
from server.switchboard import Switchboard, an_app

HOST = "hello.localhost"
BACKEND = "b0"


class FaultyProxy(Proxy):
    """The real one, but `failing` maps a method to what it raises, the next time only."""

    failing: dict[str, BaseException]

    def switch(self, backend: str, on: list[str], off: list[str]) -> None:
        if error := self.failing.pop("switch", None):
            raise error
        super().switch(backend, on, off)


class Notes:
    """The books and the watcher of a rotation: what was live, in order, and what was said."""

    def __init__(self) -> None:
        self.live: list[list[str]] = []
        self.said: list[str] = []
        self.failing: BaseException | None = None
        self.failing_back: BaseException | None = None

        self.settled, self.given_up = True, False

    def begin(self) -> None:
        self.settled = False

    def settle(self) -> None:
        self.settled = True

    def give_up(self) -> None:
        self.given_up = True

    def commit(self, new: Sequence[New]) -> None:
        self.live.append([one.name for one in new])
        if self.failing:
            raise self.failing

    def turn_back(self) -> None:
        self.live.append(["turned back"])
        if self.failing_back:
            raise self.failing_back

    def step(self, name: str, text: str) -> None:
        self.said.append(f"{name} {text}")


class Stage:
    """An app behind the proxy, with `web-1` live, to be rotated."""

    def __init__(self, board: Switchboard, folder: Path) -> None:
        self.board = board
        self.engine = ProcessEngine(folder)
        self.proxy = FaultyProxy(board.home.socket_folder)
        self.proxy.failing = {}
        self.notes = Notes()

    def rotate(self, *new: New, canary: int | None = None) -> Rotation:
        """To these containers, from whatever runs."""
        rotation = Rotation(
            self.engine, self.proxy, app="hello", backend=BACKEND, env={}, books=self.notes, watcher=self.notes
        )
        rotation.apply(plan_rotation(new, self.engine.containers(), canary=canary))
        return rotation

    def running(self) -> list[str]:
        return sorted(one.name for one in self.engine.containers() if one.running)

    def upstreams(self) -> dict[str, str]:
        return {name: server.status for name, server in self.proxy.look(BACKEND).servers.items()}

    def answer(self) -> tuple[int, str]:
        return self.board.get(HOST)

    def load(self, clients: int = 4) -> Load:
        return Load(f"http://127.0.0.1:{self.board.port}", host=HOST, clients=clients)

    def end(self) -> None:
        for name in list(self.engine.processes):
            self.engine.end(name)
        for name in self.upstreams():
            wait_until(lambda name=name: self.proxy.forget(BACKEND, name), what=f"{name} forgotten")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    board = Switchboard(Home(tmp_path_factory.mktemp("proxy")))
    board.write_files([an_app("hello", 0)])
    with board.running():
        board.proxy.put("hold", BACKEND, "15")
        yield board


@pytest.fixture
def stage(board: Switchboard, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(board, tmp_path)
    try:
        stage.rotate(new_container("web-1"))
        assert stage.answer() == (200, "hello from web-1")
        stage.notes.live.clear()
        stage.notes.said.clear()
        yield stage
    finally:
        stage.end()


def test_the_new_takes_over_and_the_old_is_gone(stage: Stage) -> None:
    with stage.load() as load:
        load.wait_for(lambda tally: tally.requests > 20)
        rotation = stage.rotate(
            new_container("web-2"), new_container("worker-2", "never-ready", process="worker", timeout=0.2)
        )
        load.wait_for(lambda tally: "web-2" in tally.versions)
    assert load.result.failed == 0, load.result
    assert stage.running() == ["web-2", "worker-2"]
    assert stage.upstreams() == {"web-2": "UP"}
    assert stage.notes.live == [["web-2", "worker-2"]]
    assert stage.notes.said == ["start web-2", "start worker-2"]
    at = rotation.instants
    order = [at.begin, at.started, at.ready, at.switched, at.drained, at.stopped, at.end]
    assert order == sorted(order, key=lambda instant: instant or 0)
    assert rotation.cut == 0


def engine_fails(verb: str) -> Callable[[Stage], None]:
    return lambda stage: stage.engine.failing.update({verb: PodshiftError(f"{verb} failed")})


def switch_fails(stage: Stage) -> None:
    stage.proxy.failing["switch"] = PodshiftError("switch failed")


def commit_fails(stage: Stage) -> None:
    stage.notes.failing = PodshiftError("disk full")


def is_cancelled(stage: Stage) -> None:
    stage.notes.failing = Cancelled("cancelled")


def is_interrupted(stage: Stage) -> None:
    stage.engine.failing["run"] = KeyboardInterrupt()


def nothing(_: Stage) -> None:
    pass


START, STOP = Order.START_FIRST, Order.STOP_FIRST
BEFORE_THE_COMMIT = [
    # the new containers are              what else fails       what is said of it
    (START, ["crash"],                    nothing,              "web-2 exited at start"),
    (START, ["never-ready"],              nothing,              r"within 0\.3 s: nothing listens on port \d+"),
    (START, ["wrong-port"],               nothing,              r"within 0\.3 s: nothing listens on port \d+"),
    (START, ["loopback-only", "crash"],   nothing,              "web-3 exited at start"),
    (START, ["loopback-only"],            engine_fails("run"),  "run failed"),
    (START, ["loopback-only"],            switch_fails,         "switch failed"),
    (START, ["loopback-only"],            commit_fails,         "disk full"),
    (START, ["loopback-only"],            is_cancelled,         "cancelled"),
    (START, ["loopback-only"],            is_interrupted,       None),
    (STOP,  ["crash"],                    nothing,              "web-2 exited at start"),
    (STOP,  ["loopback-only"],            engine_fails("stop"), "stop failed"),
    (STOP,  ["loopback-only"],            switch_fails,         "switch failed"),
    (STOP,  ["loopback-only"],            commit_fails,         "disk full"),
]  # fmt: skip


@pytest.mark.parametrize(("order", "behaviours", "break_it", "said"), BEFORE_THE_COMMIT)
def test_what_fails_before_the_commit_point_leaves_the_old_serving(
    stage: Stage, order: Order, behaviours: list[str], break_it: Callable[[Stage], None], said: str | None
) -> None:
    listens = {"crash", "loopback-only"}
    new = [
        new_container(f"web-{number}", behaviour, order=order, timeout=20 if behaviour in listens else 0.3)
        for number, behaviour in enumerate(behaviours, start=2)
    ]
    break_it(stage)
    with stage.load() as load:
        load.wait_for(lambda tally: tally.requests > 20)
        with pytest.raises((PodshiftError, KeyboardInterrupt), match=said):
            stage.rotate(*new)
        before = load.tally.requests
        load.wait_for(lambda tally: tally.requests > before + 20)
    assert load.result.failed == 0, load.result
    assert stage.running() == ["web-1"]
    assert stage.upstreams() == {"web-1": "UP"}
    assert stage.answer() == (200, "hello from web-1")
    assert stage.notes.live in ([], [["web-2"], ["turned back"]])
    assert not [text for text in stage.notes.said if text.startswith("undo")]
    assert (stage.notes.given_up, stage.notes.settled) == (True, True)


def test_requests_are_held_until_an_old_container_that_was_stopped_listens_again(stage: Stage) -> None:
    stage.rotate(new_container("web-2", "slow-start 3"))
    with stage.load() as load:
        load.wait_for(lambda tally: tally.requests > 20)
        with pytest.raises(PodshiftError, match="web-3 exited at start"):
            stage.rotate(new_container("web-3", "crash", order=Order.STOP_FIRST))
        before = load.tally.requests
        load.wait_for(lambda tally: tally.requests > before + 20)
    assert load.result.failed == 0, load.result
    assert stage.upstreams() == {"web-2": "UP"}


def test_a_new_version_that_answers_badly_is_turned_back_after_the_commit_point(stage: Stage) -> None:
    with stage.load() as load:
        load.wait_for(lambda tally: tally.requests > 20)
        with pytest.raises(PodshiftError, match=r"answers failed, more than 10% \(web\.max_errors\)"):
            stage.rotate(new_container("web-2", "errors", watch=60.0))
        before = load.tally.requests
        load.wait_for(lambda tally: tally.requests > before + 20)
    assert set(load.result.by_kind) == {"status 500"}, load.result
    assert stage.notes.live == [["web-2"], ["turned back"]]
    assert stage.running() == ["web-1"]
    assert stage.answer() == (200, "hello from web-1")


def test_a_watched_container_that_dies_is_turned_back(stage: Stage) -> None:
    with ThreadPoolExecutor() as threads:
        rotation = threads.submit(stage.rotate, new_container("web-2", watch=60.0))
        wait_until(lambda: stage.answer() == (200, "hello from web-2"), what="the switch")
        stage.engine.processes["web-2"].kill()
        with pytest.raises(PodshiftError, match="web-2 exited"):
            rotation.result()
    assert stage.notes.live == [["web-2"], ["turned back"]]
    assert stage.answer() == (200, "hello from web-1")


def test_a_canary_that_does_well_takes_over(stage: Stage) -> None:
    with stage.load(clients=10) as load:
        rotation = stage.rotate(new_container("web-2", watch=1.0), canary=30)
        load.wait_for(lambda tally: "web-2" in tally.versions)
    assert load.result.failed == 0, load.result
    assert stage.upstreams() == {"web-2": "UP"}
    assert stage.notes.live == [["web-2"]]
    start, begins, ends = stage.notes.said
    assert (start, begins) == ("start web-2", "canary 30 % of all requests go to web-2 for 1 s")
    assert re.fullmatch(r"canary it answered [1-9][\d,]* requests, 0 failed", ends)
    assert rotation.instants.switched
    assert rotation.instants.ready
    assert rotation.instants.switched - rotation.instants.ready >= 1


def test_a_canary_that_answers_badly_is_taken_back_before_the_commit_point(stage: Stage) -> None:
    with stage.load(clients=10) as load:
        load.wait_for(lambda tally: tally.requests > 20)
        with pytest.raises(PodshiftError, match=r"answers failed, more than 10% \(web\.max_errors\)"):
            stage.rotate(new_container("web-2", "errors", watch=60.0), canary=20)
        failed, before = load.tally.failed, load.tally.requests
        load.wait_for(lambda tally: tally.requests > before + 100)
        assert load.tally.failed == failed
    assert set(load.result.by_kind) == {"status 500"}, load.result
    assert re.fullmatch(r"canary it answered \d+ requests, \d+ failed", stage.notes.said[-1])
    assert stage.notes.live == []
    assert stage.running() == ["web-1"]
    assert stage.upstreams() == {"web-1": "UP"}
    assert stage.proxy.entries("canary") == {}


def test_a_canary_that_dies_costs_no_request_that_may_be_sent_again(stage: Stage) -> None:
    with ThreadPoolExecutor() as threads:
        rotation = threads.submit(stage.rotate, new_container("web-2", watch=60.0), canary=50)
        wait_until(lambda: stage.answer() == (200, "hello from web-2"), what="the canary")
        stage.engine.processes["web-2"].kill()
        assert {stage.answer() for _ in range(50)} == {(200, "hello from web-1")}
        with pytest.raises(PodshiftError, match="web-2 exited"):
            rotation.result()
    assert stage.notes.live == []
    assert stage.upstreams() == {"web-1": "UP"}


def test_what_fails_after_the_watch_turns_nothing_back(stage: Stage) -> None:
    stage.engine.failing["remove"] = PodshiftError("rm failed")
    with pytest.raises(PodshiftError, match="rm failed"):
        stage.rotate(new_container("web-2"))
    assert stage.notes.live == [["web-2"]]
    assert stage.running() == ["web-1", "web-2"]
    assert stage.answer() == (200, "hello from web-2")


def test_a_step_back_that_fails_is_said_and_the_next_one_is_still_taken(stage: Stage) -> None:
    stage.engine.failing["start"] = PodshiftError("start failed")
    with pytest.raises(PodshiftError, match="web-2 exited at start"):
        stage.rotate(new_container("web-2", "crash", order=Order.STOP_FIRST))
    assert stage.notes.said[-1] == "undo Stop: start failed; podshift up mends it"
    assert not stage.notes.settled
    assert stage.upstreams()["web-1"] != "DRAIN"
    stage.engine.start(["web-1"])
    wait_until(lambda: stage.answer() == (200, "hello from web-1"), what="web-1, mended")


def test_a_full_disk_at_the_commit_point_and_on_the_way_back_leaves_the_old_serving(stage: Stage) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    stage.notes.failing = stage.notes.failing_back = full
    with pytest.raises(OSError, match="No space left"):
        stage.rotate(new_container("web-2"))
    assert stage.notes.said[-1] == "undo Commit: the server's disk is full; podshift up mends it"
    assert not stage.notes.settled
    assert stage.running() == ["web-1"]
    assert stage.upstreams() == {"web-1": "UP"}
    assert stage.answer() == (200, "hello from web-1")


def test_a_stream_that_outlasts_the_drain_time_is_cut_and_counted(stage: Stage) -> None:
    with ThreadPoolExecutor() as clients:
        stream = clients.submit(stage.board.get, HOST, "/stream?events=1000")
        wait_until(lambda: stage.proxy.look(BACKEND).servers["web-1"].in_flight == 1, what="the stream")
        rotation = stage.rotate(new_container("web-2", drain=0.2))
        with pytest.raises(IncompleteRead):
            stream.result()
    assert rotation.cut == 1
    assert stage.running() == ["web-2"]


def test_what_was_seen_of_a_container_before_its_stop_does_not_count(stage: Stage) -> None:
    """As whoever repairs finds it where a deployer was killed between stop and start."""
    (container,) = stage.engine.containers()
    awaited = [(new_container("web-1").place._replace(address=container.address), Readiness())]
    stage.engine.stop(["web-1"], 1)
    stage.proxy.doubt(BACKEND, ["web-1"])
    with pytest.raises(PodshiftError, match="web-1 exited at start"):
        await_ready(stage.engine, stage.proxy, "hello", BACKEND, awaited)
    stage.engine.start(["web-1"])
    await_ready(stage.engine, stage.proxy, "hello", BACKEND, awaited)
    assert stage.answer() == (200, "hello from web-1")
