"""A deploy runs in a process of its own; whoever asked for it only looks on.

So a client that vanishes, a terminal that stops reading, or Ctrl-C never leave a deploy half done.
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

from podshift.errors import Cancelled, PodshiftError, no_room, said_of
from podshift.report import Log, follow
from podshift.settings import Home, make_private, write_private

EXIT_FAILED = 1
EXIT_BUG = 3
SIGNALLED = 128


class Cancellation:
    """What may still stop a deploy until its release goes live: SIGTERM, once, and what these two raise.

    `check` is called before what cannot be undone, `last` when all is ready to go live.
    """

    def __init__(self) -> None:
        self.allowed = True
        self.why = "the deploy was cancelled; nothing was changed"
        self.check: Callable[[], None] = lambda: None
        self.last: Callable[[], None] = lambda: None

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._on_signal)

    def cancel(self, why: str) -> None:
        """From another thread: the one that deploys is told as if by a signal from outside."""
        if self.allowed:
            self.why = why
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def end(self) -> None:
        self.allowed = False
        self.last()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.allowed:
            self.allowed = False
            raise Cancelled(self.why)


Work = Callable[[Log, Cancellation], None]


def in_background(home: Home, app: str, work: Work, *, errors: int | None = None) -> int:
    """Do `work` in a child process, and relay its log until it ends. The child's exit code: 0, 1 or 3.

    The log goes to standard output; an error at its end to the descriptor `errors`, where that is given.
    """
    logs = make_private(home.app_folder(app) / "logs")
    unnamed = logs / f".{os.getpid()}-{time.time_ns()}.log"
    with Log(unnamed) as log:
        code = follow(log.fileno(), _fork(home, log, work), errors=errors, written=log.written, unwritten=log.unwritten)
        if code > SIGNALLED:
            begin, unwritten_begin = (os.fstat(one).st_size for one in (log.fileno(), log.unwritten))
            mender = _fork(home, log, partial(_mend, home, app, signal.Signals(code - SIGNALLED)))
            follow(
                log.fileno(), mender, errors=errors, begin=begin, written=log.written,
                unwritten=log.unwritten, unwritten_begin=unwritten_begin,
            )  # fmt: skip
            code = EXIT_FAILED
    unnamed.unlink(missing_ok=True)  # it got no further than the queue; else the release's name is on it by now
    return code


def _mend(home: Home, app: str, number: signal.Signals, log: Log, _: Cancellation) -> None:
    """Put right what a killed deployer left behind, told in the log of its release."""
    from podshift.deploy.release.reconcile import put_right  # imports the engine, which an onlooker does without

    killed = f"the process that did this was killed ({number.name})"
    log.step("repair", f"{killed}; putting things right")
    put_right(home, app, log)
    raise PodshiftError(killed, hint=f"podshift status {app} shows what runs; the same can be tried again")


def _fork(home: Home, log: Log, work: Work) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _be_a_deployer(home, log, work)
    return child


def _be_a_deployer(home: Home, log: Log, work: Work) -> None:
    """Never returns. The child's own session: no terminal's signal, no hang-up gets here."""
    code = EXIT_BUG
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        code = run_logged(home, log, work)
    finally:
        os._exit(code)


def run_logged(home: Home, log: Log, work: Work) -> int:
    """Do `work` here; what goes wrong is written to its log, and becomes the exit code."""
    cancellation = Cancellation()
    cancellation.listen()
    try:
        work(log, cancellation)
    except PodshiftError as error:
        log.error(error)
        return EXIT_FAILED
    except Exception as error:
        known = no_room(error)
        log.error(known or as_bug(home, error))
        return EXIT_FAILED if known else EXIT_BUG
    return 0


def as_bug(home: Home, error: BaseException) -> PodshiftError:
    """What a person is told of something that should not have happened, with its story kept for the operator."""
    path = report_bug(home, error)
    kept = os.path.isfile(path)  # noqa: PTH113 - pathlib raises where one may not even look
    story = f"the whole story is in {path}" if kept else f"its story could not be written to {path.parent}"
    return PodshiftError(f"this is a bug of podshift: {said_of(error)}", hint=story)


def report_bug(home: Home, error: BaseException) -> Path:
    """Keep a traceback where the operator finds it, and give its path."""
    path = home.path / "errors" / time.strftime("%Y-%m-%d-%H%M%S.log")
    with suppress(OSError):
        make_private(path.parent)
        story = "\n".join(map(_traceback, _led_to(error)))
        write_private(path, story.encode(errors="backslashreplace").decode())
    return path


def _led_to(error: BaseException) -> list[BaseException]:
    """The error, after those in whose handling or because of which it was raised."""
    chain = [error]
    while cause := chain[0].__cause__ or (None if chain[0].__suppress_context__ else chain[0].__context__):
        if cause in chain:
            break
        chain.insert(0, cause)
    return chain


def _traceback(error: BaseException) -> str:
    """Without the words of a UnicodeError, which are about a value."""
    if isinstance(error, UnicodeError):
        where = traceback.format_tb(error.__traceback__)
        return "".join(["Traceback (most recent call last):\n", *where, f"{said_of(error)}\n"])
    return "".join(traceback.format_exception(error, chain=False))
