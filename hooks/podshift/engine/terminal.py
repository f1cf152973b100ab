"""An engine command that is a person's own: with their streams and terminal, and its exit status as it is."""

import os
from collections.abc import Mapping
from typing import Any

import sh

from podshift.engine.command import PACKAGES
from podshift.errors import PodshiftError


def attached(program: str, arguments: list[str], env: Mapping[str, str]) -> int:
    """Run with this process's own standard streams. The exit status, 128 + n for signal n."""
    try:
        sh.Command(program)(*arguments, _fg=True, _env={**os.environ, **env})
    except sh.CommandNotFound:
        raise PodshiftError(
            f"{program} is not installed", hint=f"apt install {PACKAGES.get(program, program)}"
        ) from None
    except sh.ErrorReturnCode as error:
        return _status(error)
    return 0


def _status(error: Any) -> int:
    status: int = error.exit_code
    return status if status >= 0 else 128 - status
