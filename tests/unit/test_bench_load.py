"""The bench's own clients, against the app that it pushes: what is cut is counted, and nothing else."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.mixed import MixedLoad, TimedTally
from server.installation import free_port, wait_until

SOURCE = Path(__file__).parents[1] / "apps" / "bench" / "server.c"

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the bench's app is compiled with gcc")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("bench") / "server"
    subprocess.run(["gcc", "-O1", "-pthread", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], check=True)
    return program


@pytest.fixture
def app(program: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    process = subprocess.Popen([program], env={"PORT": str(port)})
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()


def test_every_kind_of_request_is_answered_whole(app: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, process = app
    with MixedLoad(port, "app.localhost") as load:
        wait_until(lambda: "slow" in load.tally.result().by_method, what="a slow answer")
        process.terminate()  # in mid-load: what is in flight is finished, what comes later is refused
        process.wait(timeout=20)
    methods = load.tally.result().by_method
    assert {"GET", "POST", "slow", "upload", "stream", "websocket"} <= methods.keys()
    assert set(load.tally.lost_by_label) <= methods.keys()
    assert load.tally.lost_by_label["stream"] == methods["stream"] - 4  # one each lived through the SIGTERM
    assert "short" not in load.tally.result().by_kind


def test_what_is_cut_is_lost(app: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, process = app
    with MixedLoad(port, "app.localhost") as load:
        wait_until(lambda: load.tally.requests > 200, what="some requests")
        process.kill()
        wait_until(lambda: len(load.tally.lost_by_label) == 6, what="a loss of every kind")
    assert set(load.tally.lost_by_label) == {"GET", "POST", "slow", "upload", "stream", "websocket"}


def test_latencies_are_told_apart_by_when_the_request_was_sent() -> None:
    tally = TimedTally()
    for sent in (1.0, 2.0):
        tally.answered("GET", "v1", sent, quick=True)
    during, without = (tally.p99([(1.5, 3.0)], inside=inside) for inside in (True, False))
    assert without - during == pytest.approx(1.0, abs=0.1)
    assert tally.last_sent == {"v1": 2.0}
    assert tally.p99([(5.0, 6.0)], inside=True) == 0.0


def test_an_idle_connection_is_closed_at_once_when_the_app_ends(app: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, process = app
    wait_until(lambda: _connects(port), what="the app listens")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"hello from v0" in idle.recv(1000)
        began = time.monotonic()
        process.terminate()
        assert idle.recv(1000) == b""
    assert process.wait(timeout=5) == 0
    assert time.monotonic() - began < 1


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
