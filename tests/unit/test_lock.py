"""Real locks between real processes."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.lock import AppLock, Holder, exclusive

Hold = Callable[..., "Other"]


class Other:
    """Another process that holds the lock until it is told to let go."""

    def __init__(self, path: Path, what: str = "deploy", who: str = "ada") -> None:
        ready, self._ready = os.pipe()
        self._go, self._stop = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._stop)
            with AppLock(path, what=what, who=who):
                os.write(self._ready, b"!")
                os.read(self._go, 1)
            os._exit(0)
        assert os.read(ready, 1)
        os.close(ready)
        os.close(self._ready)
        os.close(self._go)

    def let_go(self) -> None:
        if self._stop >= 0:
            os.close(self._stop)
            self._stop = -1
            os.waitpid(self.pid, 0)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.let_go()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def hold(path: Path) -> Iterator[Hold]:
    others: list[Other] = []

    def start(**words: str) -> Other:
        others.append(Other(path, **words))
        return others[-1]

    yield start
    for other in others:
        other.let_go()


def test_one_at_a_time(path: Path, hold: Hold) -> None:
    other = hold()
    lock = AppLock(path)
    assert not lock.try_acquire()
    other.let_go()
    assert lock.try_acquire()
    assert not lock.try_acquire()
    assert not AppLock(path).try_acquire()
    lock.release()
    assert AppLock(path).try_acquire()


def test_the_holder_is_told_and_private(path: Path, hold: Hold) -> None:
    assert AppLock(path).holder() is None
    before = time.time()
    other = hold(what="deploy of 3f2a91c", who="ada")
    holder = AppLock(path).holder()
    assert holder is not None
    assert (holder.pid, holder.what, holder.who) == (other.pid, "deploy of 3f2a91c", "ada")
    assert before <= holder.since <= time.time()
    assert holder.alive()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other.let_go()
    assert AppLock(path).holder() is None
    assert not holder.alive()


def test_a_killed_holder_frees_the_lock(path: Path, hold: Hold) -> None:
    hold().kill()
    lock = AppLock(path, what="next")
    assert lock.holder() is None
    assert lock.try_acquire()
    holder = lock.holder()
    assert holder is not None
    assert holder.what == "next"


def test_one_that_waits_is_told_of_each_holder_once(path: Path) -> None:
    first = Other(path, who="ada")
    told: list[str] = []

    def on_wait(holder: Holder) -> None:
        told.append(holder.who)
        if holder.who == "ada":
            first.let_go()
            told.append("")
            others.append(Other(path, who="bob"))
        else:
            threading.Timer(0.2, others[0].let_go).start()

    others: list[Other] = []
    lock = AppLock(path)
    lock.acquire(on_wait)
    assert told == ["ada", "", "bob"]
    assert not AppLock(path).try_acquire()
    lock.release()


def test_waiting_has_an_end(path: Path, hold: Hold) -> None:
    hold(what="deploy of 3f2a91c", who="ada")
    with pytest.raises(PodshiftError, match=r"deploy of 3f2a91c by ada is under way \(process \d+\)"):
        AppLock(path).acquire(lambda holder: None, timeout=0.2)
    with pytest.raises(PodshiftError, match="is under way"), AppLock(path):
        pass


def test_a_signal_handler_that_raises_ends_the_wait(path: Path, hold: Hold) -> None:
    hold()

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            AppLock(path).acquire(lambda holder: os.kill(os.getpid(), signal.SIGUSR1), timeout=10)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_look_at_the_holder_never_makes_a_lock_seem_taken(path: Path) -> None:
    path.touch()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            AppLock(path).holder()

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(200):
            lock = AppLock(path)
            assert lock.try_acquire()
            lock.release()
    finally:
        stop.set()
        for looker in lookers:
            looker.join()


def test_a_forked_deployer_keeps_the_lock_of_the_hook(path: Path) -> None:
    lock = AppLock(path, what="push")
    assert lock.try_acquire()
    go, stop = os.pipe()
    ready, tell = os.pipe()
    deployer = os.fork()
    if deployer == 0:
        os.close(stop)
        lock.take_over()
        os.write(tell, b"!")
        os.read(go, 1)
        os._exit(0)
    os.read(ready, 1)
    lock.release()
    holder = AppLock(path).holder()
    assert holder is not None
    assert holder.pid == deployer
    assert not AppLock(path).try_acquire()
    os.kill(deployer, signal.SIGKILL)
    os.waitpid(deployer, 0)
    assert AppLock(path).try_acquire()
    for fd in (go, stop, ready, tell):
        os.close(fd)


def test_a_fork_that_only_looks_on_does_not_free_the_lock(path: Path) -> None:
    lock = AppLock(path)
    assert lock.try_acquire()
    child = os.fork()
    if child == 0:
        lock.release()
        os._exit(0)
    os.waitpid(child, 0)
    holder = AppLock(path).holder()
    assert holder is not None
    assert holder.pid == os.getpid()
    lock.leave()
    assert AppLock(path).holder() is None


def test_programs_that_are_started_do_not_get_the_lock(path: Path) -> None:
    lock = AppLock(path)
    assert lock.try_acquire()
    code = "import sys; print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], close_fds=False, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        lock.leave()
        assert AppLock(path).try_acquire()
        program.communicate()


def test_a_lock_file_that_was_replaced_is_locked_anew(path: Path) -> None:
    """An app destroyed and made anew has a new file: two processes must not lock one each."""
    waiting = threading.Event()
    first, second = AppLock(path), AppLock(path)
    assert first.try_acquire()
    waiter = threading.Thread(target=lambda: second.acquire(lambda holder: waiting.set()))
    waiter.start()
    assert waiting.wait(5)
    path.unlink()
    first.release()
    waiter.join()
    assert not AppLock(path).try_acquire()
    second.release()


def test_a_lock_beside_nothing(tmp_path: Path) -> None:
    lock = AppLock(tmp_path / "gone" / "lock")
    assert lock.holder() is None
    with pytest.raises(PodshiftError, match="cannot lock"):
        lock.try_acquire()


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe", b'{"pid": 1e999}'])
def test_a_damaged_word_of_the_holder(path: Path, left: bytes) -> None:
    lock = AppLock(path)
    assert lock.try_acquire()
    path.write_bytes(left)
    holder = AppLock(path).holder()
    assert holder is not None
    assert holder.pid == 0
    assert not holder.alive()


def test_a_recycled_process_number_is_not_alive() -> None:
    me = AppLock(Path("unused"))
    assert me.holder() is None
    assert not Holder(os.getpid(), "", "", 0.0, 1).alive()
    assert not Holder(0, "", "", 0.0, 0).alive()


def test_a_zombie_is_not_alive(path: Path, hold: Hold) -> None:
    other = hold()
    holder = AppLock(path).holder()
    os.kill(other.pid, signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert holder is not None
    assert not holder.alive()


def test_exclusive_keeps_others_out(path: Path) -> None:
    total = 4
    turns = path.with_name("turns")
    turns.write_text("0")
    children = []
    for _ in range(total):
        child = os.fork()
        if child == 0:
            for _ in range(50):
                with exclusive(path):
                    turns.write_text(str(int(turns.read_text()) + 1))
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * total
    assert turns.read_text() == str(50 * total)


def test_the_word_of_a_killed_holder_stays_to_be_read(path: Path) -> None:
    child = os.fork()
    if child == 0:
        AppLock(path, what="deploy of 1f2e3d4", who="ada").try_acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    lock = AppLock(path)
    assert lock.holder() is None
    assert (lock.left().pid, lock.left().what, lock.left().who) == (child, "deploy of 1f2e3d4", "ada")
    with AppLock(path):
        pass
    assert lock.left().pid == 0
    assert AppLock(path.with_name("none")).left().pid == 0
