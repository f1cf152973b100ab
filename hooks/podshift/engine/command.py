"""One way to run the engine: through sh, with its output kept, bounded in time, and never as a terminal."""

import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import sh

from podshift.errors import PodshiftError

TAIL_LINES = 25
Line = Callable[[str], None]


class EngineError(PodshiftError):
    """An engine command that failed; `output` has its last lines, in the engine's own words."""

    def __init__(self, message: str, output: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, details=tuple(output.splitlines()[-TAIL_LINES:]))
        self.output = output


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

    try:
        process = sh.Command(program)(
            *arguments,
            _out=keep if on_line else output.append,
            _err=keep,
            _in=stdin,
            _env={**os.environ, **(env or {})},
            _tty_out=False,
            _bg=True,
            _bg_exc=False,
            _new_session=True,
            _decode_errors="replace",
            _return_cmd=True,
        )
    except sh.CommandNotFound:
        raise PodshiftError(f"{program} is not installed", hint=f"apt install {program}") from None
    _wait(process, program, arguments, timeout, tail)
    if failures:
        raise failures[0]
    return "".join(output)


def _wait(process: Any, program: str, arguments: list[str], timeout: float | None, tail: deque[str]) -> None:
    verb = _verb(arguments)
    try:
        process.wait(timeout=timeout)
    except sh.TimeoutException:
        _end(process)
        raise EngineError(
            f"{program} {verb} did not end within {timeout:.0f} s", "\n".join(tail), hint="podshift doctor"
        ) from None
    except sh.ErrorReturnCode as error:
        raise EngineError(f"{program} {verb} failed with status {error.exit_code}", "\n".join(tail)) from None
    except BaseException:
        _end(process)
        raise


def _end(process: Any) -> None:
    """The command and all that it started: SIGTERM, and SIGKILL for what is still there after 5 s."""
    with suppress(ProcessLookupError, sh.ErrorReturnCode, sh.TimeoutException):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=5)
    with suppress(ProcessLookupError, sh.ErrorReturnCode, sh.TimeoutException):
        os.killpg(process.pid, signal.SIGKILL)


def _verb(arguments: list[str]) -> str:
    words = (argument for argument in arguments if not argument.startswith("-"))
    return next(words, "")
