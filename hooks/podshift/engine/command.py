"""One way to run the engine: through sh, with its output kept, bounded in time, and never as a terminal."""

import os
import select
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import sh

from podshift.errors import PodshiftError

TAIL_LINES = 25
PACKAGES = {"docker": "docker.io"}  # in Debian, where a program's has another name
Line = Callable[[str], None]


class EngineError(PodshiftError):
    """An engine command that failed; `output` has its last lines, in the engine's own words.

    `printed` is what run() would have given back: some commands answer for what they found, and fail for the rest.
    `status` is the command's exit status, where it came to its end.
    """

    printed = ""

    def __init__(self, message: str, output: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message, hint=hint, details=tuple(output.splitlines()[-TAIL_LINES:]))
        self.output = output
        self.status = status


class TimedOut(EngineError):  # noqa: N818 - it is what happened
    """One that was ended because it took too long."""


def run(
    program: str, arguments: list[str], *, timeout: float | None, env: Mapping[str, str] | None = None,
    on_line: Line | None = None, stdin: Any = None,
) -> str:  # fmt: skip
    """Run to the end and give back what it wrote to its standard output.

    With `on_line`, every line of both streams goes there as it comes, and nothing is given back. `env` is added to
    podshift's own environment. Raises EngineError when the command fails, is missing, or takes over `timeout`
    seconds; whatever interrupts the wait also ends the command.
    """
    output: list[str] = []
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    failures: list[BaseException] = []

    def keep(line: str) -> None:
        tail.append(line.rstrip("\r\n"))
        if on_line:
            try:
                on_line(line.rstrip("\r\n"))
            except BaseException as error:  # sh swallows what a callback raises
                failures.append(error)

    process = start(
        program, arguments, out=keep if on_line else output.append, err=None if on_line else keep,
        env=env, stdin=stdin,
    )  # fmt: skip
    try:
        wait(process, program, arguments, timeout, tail)
    except EngineError as error:
        error.printed = "".join(output)
        raise
    if failures:
        raise failures[0]
    return "".join(output)


def start(
    program: str, arguments: list[str], *, out: Any, err: Any, env: Mapping[str, str] | None = None, stdin: Any = None
) -> Any:
    """sh's running command; `err` None: both streams as one, in order. Raises PodshiftError: no such program."""
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    source: Any = nothing if stdin is None else stdin
    try:
        return sh.Command(program)(
            *arguments,
            _out=out,
            **({"_err_to_out": True} if err is None else {"_err": err}),
            _in=source,  # without one, sh starts a thread whose end takes 0.1 s
            _env={**os.environ, **(env or {})},
            _tty_out=False,
            _bg=True,
            _bg_exc=False,
            _new_session=True,
            _decode_errors="replace",
            _return_cmd=True,
        )
    except sh.CommandNotFound:
        raise PodshiftError(
            f"{program} is not installed", hint=f"apt install {PACKAGES.get(program, program)}"
        ) from None
    finally:
        os.close(nothing)


def ended(pid: int, seconds: float | None) -> bool:
    """Wait for a process's end, told by the kernel: sh's own time-out looks every 0.1 s only."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(None if seconds is None else max(0, seconds * 1000)))
    finally:
        os.close(descriptor)


def terminate(process: Any) -> None:
    """The command and all that it started: SIGTERM, and SIGKILL for what is still there after 5 s."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, sh.ErrorReturnCode):
            os.killpg(process.pid, number)
            if ended(process.pid, 5):
                process.wait()


def wait(
    process: Any, program: str, arguments: list[str], timeout: float | None, tail: deque[str], *,
    end: Callable[[Any], None] = terminate, ended: Callable[[int, float | None], bool] = ended,
) -> None:  # fmt: skip
    """Wait until it has `ended`; whatever interrupts the wait will `end` it too. Raises EngineError like run()."""
    verb = _verb(arguments)
    try:
        if not ended(process.pid, timeout):
            end(process)
            raise TimedOut(
                f"{program} {verb} did not end within {timeout:.0f} s", "\n".join(tail), hint="podshift doctor"
            )
        process.wait()
    except sh.ErrorReturnCode as error:
        status = error.exit_code
        raise EngineError(f"{program} {verb} failed with status {status}", "\n".join(tail), status=status) from None
    except EngineError:
        raise
    except BaseException:
        end(process)
        raise


def _verb(arguments: list[str]) -> str:
    words = (argument for argument in arguments if not argument.startswith("-"))
    return next(words, "")
