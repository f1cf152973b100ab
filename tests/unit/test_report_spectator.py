"""Real children, real pipes and a real terminal: what a client does must not reach the deploy."""

import os
import pty
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.report import Log, follow, spectator


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "deploy.log")


def start(work: Callable[[], object], status: int = 0) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            status = 99
        os._exit(status)
    return child


def chat(log: Log, lines: int) -> None:
    for number in range(lines):
        log.line(f"{number:>7} " + "x" * 72)


class Reader(threading.Thread):
    """Reads a pipe to its end, as git does."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.source, self.sink = os.pipe()
        self.chunks: list[bytes] = []
        self.start()

    def run(self) -> None:
        while chunk := os.read(self.source, 65536):
            self.chunks.append(chunk)

    def all(self) -> bytes:
        os.close(self.sink)
        self.join(10)
        os.close(self.source)
        return b"".join(self.chunks)


def test_what_a_full_disk_has_no_room_for_arrives_nevertheless() -> None:
    """Every line of it; and of a second deploy with the same log only its own."""
    log = Log(Path("/dev/full"))
    for begin, said in ((0, "the first"), (len("error: the first\n"), "the second")):
        reader = Reader()
        child = start(lambda said=said: log.error(PodshiftError(said)), status=1)
        quiet = os.open(os.devnull, os.O_RDONLY)
        assert follow(quiet, child, reader.sink, unwritten=log.unwritten, unwritten_begin=begin) == 1
        assert reader.all().decode() == f"error: {said}\n"
        os.close(quiet)
    log.close()


def test_a_chatty_deploy_arrives_whole(log: Log) -> None:
    reader = Reader()
    child = start(lambda: chat(log, 20_000), status=3)
    assert follow(log.fileno(), child, reader.sink) == 3
    data = reader.all()
    assert len(data) > 1_500_000
    assert data == log.path.read_bytes()


def test_lines_arrive_while_the_deploy_goes_on(log: Log) -> None:
    """The child goes on only after its first line has been seen on the other side."""
    reader = Reader()
    seen, tell = os.pipe()
    source, sink = os.pipe()
    threading.Thread(target=lambda: os.write(tell, os.read(source, 100)), daemon=True).start()

    def work() -> None:
        log.line("first")
        log.rename(log.path.with_name("v1.log"))
        log.line("said " + os.read(seen, 100).decode().strip())

    assert follow(log.fileno(), start(work), sink) == 0
    assert log.path.with_name("v1.log").read_text() == "first\nsaid first\n"
    reader.all()
    for fd in (seen, tell, source, sink):
        os.close(fd)


def test_an_error_goes_where_errors_go(log: Log) -> None:
    reader, errors = Reader(), Reader()

    def work() -> None:
        chat(log, 200)
        log.output("build", "error: of the build's")
        log.error(PodshiftError("it failed", hint="try again", details=("last words",)))

    assert follow(log.fileno(), start(work, status=1), reader.sink, errors=errors.sink) == 1
    assert errors.all() == b"error: it failed\nhint: try again\n"
    assert reader.all().endswith(b"build    error: of the build's\n  last words\n")


def test_what_was_relayed_once_is_left_out(log: Log) -> None:
    log.line("before")
    reader = Reader()
    begin = os.fstat(log.fileno()).st_size
    assert follow(log.fileno(), start(lambda: log.line("after")), reader.sink, begin=begin) == 0
    assert reader.all() == b"after\n"


def test_a_path_can_be_followed_too(log: Log) -> None:
    reader = Reader()
    assert follow(log.path, start(lambda: chat(log, 3)), reader.sink) == 0
    assert reader.all() == log.path.read_bytes()


def test_a_signal_that_ends_the_deploy_is_told_as_a_shell_does(log: Log) -> None:
    child = start(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert follow(log.fileno(), child, log.fileno()) == 128 + signal.SIGKILL


def test_a_client_that_goes_away_does_not_stop_the_deploy(log: Log) -> None:
    source, sink = os.pipe()
    os.close(source)
    assert follow(log.fileno(), start(lambda: chat(log, 5_000)), sink) == 0
    assert len(log.path.read_text().splitlines()) == 5_000
    os.close(sink)


def test_a_client_that_goes_away_in_the_middle(log: Log) -> None:
    source, sink = os.pipe()

    def leave() -> None:
        os.read(source, 100)
        os.close(source)

    thread = threading.Thread(target=leave)
    thread.start()
    assert follow(log.fileno(), start(lambda: chat(log, 20_000)), sink) == 0
    thread.join()
    assert len(log.path.read_text().splitlines()) == 20_000
    os.close(sink)


def test_a_closed_output_is_nobody_listening(log: Log) -> None:
    source, sink = os.pipe()
    os.close(source)
    os.close(sink)
    assert follow(log.fileno(), start(lambda: chat(log, 10), status=1), sink) == 1


def test_a_client_that_stops_reading_is_left_behind(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectator, "_PATIENCE", 0.3)
    source, sink = os.pipe()
    cpu, began = time.process_time(), time.monotonic()
    assert follow(log.fileno(), start(lambda: chat(log, 5_000)), sink) == 0
    assert len(log.path.read_text().splitlines()) == 5_000
    assert time.monotonic() - began >= 0.3
    assert time.process_time() - cpu < 0.2  # it waits, it does not spin
    assert os.get_blocking(sink)  # others write to the same pipe
    os.close(source)
    os.close(sink)


def test_a_slow_client_gets_everything(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience counts from the last byte that the client took, not from the deploy's end."""
    monkeypatch.setattr(spectator, "_PATIENCE", 0.3)
    source, sink = os.pipe()
    taken: list[bytes] = []

    def read_slowly() -> None:
        while chunk := os.read(source, 16384):
            taken.append(chunk)
            time.sleep(0.02)

    thread = threading.Thread(target=read_slowly)
    thread.start()
    assert follow(log.fileno(), start(lambda: chat(log, 6_000)), sink) == 0
    os.close(sink)
    thread.join()
    assert b"".join(taken) == log.path.read_bytes()
    os.close(source)


def test_a_stopped_terminal_is_left_behind(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectator, "_PATIENCE", 0.3)
    master, terminal = pty.openpty()
    assert follow(log.fileno(), start(lambda: chat(log, 5_000)), terminal) == 0
    assert os.get_blocking(terminal)
    os.close(master)
    os.close(terminal)


def test_output_to_a_file_is_appended(log: Log, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        out.write("before\n")
        out.flush()
        assert follow(log.fileno(), start(lambda: chat(log, 100)), out.fileno()) == 0
    assert (tmp_path / "out").read_bytes() == b"before\n" + log.path.read_bytes()


def test_no_descriptor_is_left_open(log: Log) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    source, sink = os.pipe()
    follow(log.path, start(lambda: chat(log, 3)), sink)
    os.close(source)
    os.close(sink)
    assert set(Path("/proc/self/fd").iterdir()) == before
