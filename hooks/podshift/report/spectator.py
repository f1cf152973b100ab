"""The spectator: relays a deploy's log to whoever pushed, and never holds the deploy up.

A client that vanished, or whose terminal stopped reading, leaves a pipe that is full for ever while git keeps
it open. So the deploy is a child that writes to its log only, and each write to the client is small and waits
until there is room.
"""

import math
import os
import select
import signal
import stat
import time
from contextlib import ExitStack, suppress
from pathlib import Path

_TICK = 0.03  # seconds between two looks at the log; inotify would be one more thing that can be missing
_PATIENCE = 5.0  # seconds that a client which does not read may take after the deploy has ended
_READ = 65536
_ERROR = b"error: "
_BROKEN = select.POLLERR | select.POLLHUP | select.POLLNVAL


def follow(
    log: Path | int, child: int, out: int = 1, *, errors: int | None = None, begin: int = 0,
    written: int | None = None, unwritten: int | None = None, unwritten_begin: int = 0,
) -> int:  # fmt: skip
    """Copies the log, from byte `begin` on, to `out` until the child has ended and all is copied.

    `written` is an eventfd that tells of each line; without it the log is looked at again and again.
    From a line on that begins with `error: ` it goes to `errors`, where that is given. `unwritten` is a file with what
    the log had no room for; it comes last, from byte `unwritten_begin` on.

    Gives the child's exit status, 128 + n when signal n ended it. `log` is better a descriptor
    (`Log.fileno()`) than a path, which the child may rename. Ignores SIGPIPE in this process from then on.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    with ExitStack() as stack:
        process = os.pidfd_open(child)
        stack.callback(os.close, process)
        if isinstance(log, Path):
            log = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, log)
        own = [_own_descriptor(one) for one in (out, errors) if one is not None]
        for descriptor in own:
            stack.callback(os.close, descriptor)
        relay = _Relay(log, own, begin, written)
        relay.more = None if unwritten is None else (unwritten, unwritten_begin)
        _relay_until_end(relay, process)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


def _relay_until_end(relay: "_Relay", process: int) -> None:
    ended, deadline = False, math.inf
    while True:
        pending = relay.fill()
        if ended and (not pending or time.monotonic() >= deadline):
            if pending or not relay.turn_over():
                return
            continue
        events = _wait(None if ended else process, relay, deadline)
        if relay.out in events and relay.write(events[relay.out]) and ended:
            deadline = time.monotonic() + _PATIENCE
        if relay.written in events:
            os.eventfd_read(relay.written)
        if process in events:
            ended, deadline = True, time.monotonic() + _PATIENCE


def _wait(process: int | None, relay: "_Relay", deadline: float) -> dict[int, int]:
    """Waits for the child's end or room for a write; else for the next look at the log, or the deadline."""
    poll = select.poll()
    if process is not None:
        poll.register(process, select.POLLIN)
    if relay.pending:
        poll.register(relay.out, select.POLLOUT)
        seconds = deadline - time.monotonic()
    elif relay.broken:
        seconds = math.inf
    elif relay.written >= 0:
        poll.register(relay.written, select.POLLIN)
        seconds = math.inf
    else:
        seconds = _TICK
    return dict(poll.poll(None if seconds == math.inf else max(0.0, seconds * 1000)))


class _Relay:
    """What was read from the log and not yet written to the client."""

    def __init__(self, log: int, outs: list[int], begin: int, written: int | None) -> None:
        self.log = log
        self.written = -1 if written is None else written
        self.out, *self.next = outs
        self.offset = begin
        self.pending = b""
        self.broken = False
        self.more: tuple[int, int] | None = None

    def turn_over(self) -> bool:
        """Goes on with what the log had no room for; false where all is read."""
        if self.more is None:
            return False
        (self.log, self.offset), self.more = self.more, None
        return True

    def fill(self) -> bool:
        """Reads on if nothing waits to be written; false when there is nothing to write."""
        if not self.pending and not self.broken:
            self.pending = os.pread(self.log, _READ, self.offset)
            self.offset += len(self.pending)
        return bool(self.pending)

    def write(self, event: int) -> bool:
        """One write of whole lines where possible, small enough that a writable pipe takes all of it."""
        if event & _BROKEN:
            return self._give_up()
        chunk = self.pending[: select.PIPE_BUF]
        chunk = self._before_error(chunk[: chunk.rfind(b"\n") + 1] or chunk)
        try:
            written = os.write(self.out, chunk)
        except BlockingIOError:
            time.sleep(_TICK)
            return False
        except OSError:
            return self._give_up()
        self.pending = self.pending[written:]
        return True

    def _before_error(self, chunk: bytes) -> bytes:
        """What goes to the present output; at an error's first line the next output becomes that."""
        if not self.next:
            return chunk
        if chunk.startswith(_ERROR):
            self.out = self.next.pop()
            return chunk
        return chunk[: chunk.find(b"\n" + _ERROR) + 1] or chunk

    def _give_up(self) -> bool:
        self.broken, self.pending = True, b""
        return False


def _own_descriptor(out: int) -> int:
    """A descriptor for the same pipe or terminal whose writes never block.

    `out` itself stays as it is, for others share it. Files, sockets and what may not be reopened are used as
    they are; where `out` is closed, nobody listens.
    """
    try:
        mode = os.fstat(out).st_mode
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    if stat.S_ISFIFO(mode) or os.isatty(out):
        with suppress(OSError):
            return os.open(f"/proc/self/fd/{out}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    return os.dup(out)
