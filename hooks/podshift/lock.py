"""Locks that the kernel releases: a process that dies, however it dies, never leaves one behind.

A lock belongs to the open file, not to the process. Programs that are started do not get it (O_CLOEXEC); a
fork keeps it, on purpose: the deployer may inherit what the hook has taken. It is free once the last copy is
closed, so the forked deployer calls `take_over()`, and the process that only looks on `leave()`.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from podshift.errors import PodshiftError

_TICK = 0.05  # seconds between two tries of one that waits
_PROBES = 50  # tries until what looks like a mere look by others counts as held


class Holder(NamedTuple):
    """Who holds a lock: `since` in seconds of the epoch, `started` in clock ticks since boot (0: unknown)."""

    pid: int
    what: str
    who: str
    since: float
    started: int

    def alive(self) -> bool:
        """Whether that very process runs; a later one with its number does not count, nor a zombie."""
        return self.pid > 0 and self.started > 0 and _started(self.pid) == self.started


class AppLock:
    """The lock of an app: one deploy, rollback, restart … at a time. `what` and `who` are for those who wait.

    OSErrors other than "somebody has it" come out as PodshiftError.
    """

    def __init__(self, path: Path, *, what: str = "", who: str = "") -> None:
        self.path = path
        self.what = what
        self.who = who
        self._fd: int | None = None

    def try_acquire(self) -> bool:
        """Takes the lock if nobody has it; false if somebody does (this object too)."""
        while self._fd is None:
            fd = _open(self.path)
            if not _try_exclusive(fd):
                os.close(fd)
                return False
            if _is_at(fd, self.path):
                self._fd = fd
                self._name_holder(fd)
                return True
            os.close(fd)  # the app was destroyed, and perhaps made anew, between the two
        return False

    def acquire(self, on_wait: Callable[[Holder], None], timeout: float | None = None) -> None:
        """Waits for the lock; calls `on_wait` once it has to, and again for each further holder.

        A signal handler that raises ends the wait. Raises PodshiftError after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        told: Holder | None = None
        while not self.try_acquire():
            if deadline is not None and time.monotonic() >= deadline:
                raise self._busy()
            time.sleep(_TICK)
            holder = self.holder()
            if holder is not None and holder != told and holder.pid:
                told = holder
                on_wait(holder)

    def holder(self) -> Holder | None:
        """Who holds the lock, without taking it; None if nobody. `pid` is 0 where the holder left no word."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot(self.path, error) from error
        try:
            return None if _flock(fd, fcntl.LOCK_SH) else _parse(os.pread(fd, 4096, 0))
        finally:
            os.close(fd)

    def left(self) -> Holder:
        """What stands in the file, whether anybody holds the lock or not: a killed holder's word stays."""
        try:
            return _parse(self.path.read_bytes()[:4096])
        except OSError:
            return _parse(b"")

    def take_over(self) -> None:
        """Names this process as the holder: for the forked child that goes on with its parent's lock."""
        if self._fd is not None:
            self._name_holder(self._fd)

    def leave(self) -> None:
        """Closes this process' copy and leaves the lock to the forked child that has the other."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def release(self) -> None:
        """Frees the lock. Where the holder is the other side of a fork, no more than `leave()`."""
        if self._fd is not None:
            if _parse(os.pread(self._fd, 4096, 0)).pid in {0, os.getpid()}:
                with suppress(OSError):
                    os.ftruncate(self._fd, 0)
                fcntl.flock(self._fd, fcntl.LOCK_UN)
            self.leave()

    def __enter__(self) -> Self:
        """For a lock that is held already, or is to be had at once; else PodshiftError."""
        if self._fd is None and not self.try_acquire():
            raise self._busy()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _name_holder(self, fd: int) -> None:
        pid = os.getpid()
        holder = Holder(pid, self.what, self.who, time.time(), _started(pid) or 0)
        # On a full disk the lock is as good without a word about its holder.
        with suppress(OSError):
            os.ftruncate(fd, 0)
            os.pwrite(fd, json.dumps(holder._asdict()).encode(), 0)

    def _busy(self) -> PodshiftError:
        holder = self.holder()
        if holder is None or not holder.pid:
            return PodshiftError(f"{self.path.name} is locked", hint="try again in a moment")
        by = f" by {holder.who}" if holder.who else ""
        return PodshiftError(
            f"{holder.what or 'another command'}{by} is under way (process {holder.pid})",
            hint="wait until it has ended",
        )


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Keeps others out for a moment, waiting as long as it takes; gives whether `on_wait` was called before that.

    Who came first comes first. A signal handler that raises ends the wait. Raises PodshiftError.
    `path` is a file for this alone, never one that gets replaced by renaming another over it.
    """
    fd = _open(path)
    try:
        waits = on_wait is not None and not _flock(fd, fcntl.LOCK_EX)
        if on_wait and waits:
            on_wait()
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield waits
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> PodshiftError:
    return PodshiftError(f"cannot lock {path}: {error.strerror}")


def _flock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_exclusive(fd: int) -> bool:
    """A look at the holder takes a shared lock for an instant; that must not pass for somebody's deploy."""
    for _ in range(_PROBES):
        if _flock(fd, fcntl.LOCK_EX):
            return True
        if not _flock(fd, fcntl.LOCK_SH):
            return False
        fcntl.flock(fd, fcntl.LOCK_UN)
        time.sleep(0.001)
    return False


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def _parse(data: bytes) -> Holder:
    try:
        told = json.loads(data)
        return Holder(int(told["pid"]), str(told["what"]), str(told["who"]), float(told["since"]), int(told["started"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return Holder(0, "", "", 0.0, 0)


def seconds_since_start(pid: int) -> float:
    """How long ago a process was started; one that is gone, at the machine's own start."""
    return float(Path("/proc/uptime").read_text().split()[0]) - (_started(pid) or 0) / os.sysconf("SC_CLK_TCK")


def _started(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)): with the pid it names a process for good. None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])
