"""An engine command that is a person's own: with their streams and terminal, and its exit status as it is."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sh

from podshift.engine.command import PACKAGES
from podshift.engine.ending import SIGNALLED
from podshift.errors import PodshiftError


def attached(program: str, arguments: list[str], env: Mapping[str, str]) -> int:
    """Run with this process's own standard streams. The exit status, 128 + n for signal n.

    Raises SystemExit when this process is told to end, or its connection is gone: there may be things to clear away.
    """
    try:
        with _ended_by(signal.SIGTERM, signal.SIGHUP):
            sh.Command(program)(*arguments, _fg=True, _env={**os.environ, **env})
    except sh.CommandNotFound:
        raise PodshiftError(
            f"{program} is not installed", hint=f"apt install {PACKAGES.get(program, program)}"
        ) from None
    except sh.ErrorReturnCode as error:
        return _status(error)
    return 0


@contextmanager
def _ended_by(*numbers: signal.Signals) -> Iterator[None]:
    def end(number: int, _: object) -> None:
        raise SystemExit(SIGNALLED + number)

    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _status(error: Any) -> int:
    status: int = error.exit_code
    return status if status >= 0 else SIGNALLED - status
