"""Faults: how they are brought about, and what must hold after each of them."""

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from load import Load
from server.checkout import Checkout
from server.engines import PROGRAM
from server.installation import App
from server.traces import nothing_is_left
from server.under_way import deployer, holder

GIT_PROGRAMS = Path("/usr/lib/git-core")  # first on the PATH of what git runs

SHIM = """#!/bin/bash
# The program, but for one kind of call.
REAL={program}
case " $* " in *"{call}"*) {instead};; esac
exec "$REAL" "$@"
"""


def short(cases: Sequence[str], *kept: str) -> list[Any]:
    """All of them with `bin/test --faults`, only those kept without."""
    return [case if case in kept else pytest.param(case, marks=pytest.mark.faults) for case in cases]


@contextmanager
def under_load(app: App) -> Iterator[None]:
    """Clients that never retry, from before to after; not one of their requests may fail."""
    with Load(app.server.url, host=app.host, clients=8, slow_clients=1) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        yield
    assert load.result.failed == 0, load.result


def kill_the_deployer(app: App) -> None:
    """Whoever holds the app's lock; nobody, when the deploy has just ended."""
    with suppress(AssertionError, ProcessLookupError):
        os.kill(deployer(app), signal.SIGKILL)


def an_ordinary_push_works(app: App, checkout: Checkout, version: str) -> None:
    """And afterwards there is nothing that does not belong."""
    checkout.version(version)
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
    assert app.get() == (200, f"hello from {version}\n")
    assert holder(app) is None
    nothing_is_left(app)


class Shim:
    """The engine, or git, does something else when its command line has `call` in it: for who has our environment."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        folder.mkdir()

    def engine(self, call: str, instead: str) -> None:
        self._write(PROGRAM, str(shutil.which(PROGRAM)), call, instead)
        self.patch.setenv("PATH", f"{self.folder}:{os.environ['PATH']}")

    def git(self, call: str, instead: str) -> None:
        """What git runs finds git's own programs before all others."""
        for path in GIT_PROGRAMS.iterdir():
            (self.folder / path.name).symlink_to(path)
        (self.folder / "git").unlink()
        self.patch.setenv("GIT_EXEC_PATH", str(self.folder))
        self._write("git", str(GIT_PROGRAMS / "git"), call, instead)

    def off(self) -> None:
        """All is as ever again."""
        self.patch.undo()

    def _write(self, name: str, real: str, call: str, instead: str) -> None:
        path = self.folder / name
        path.write_text(SHIM.format(call=call, instead=instead, program=real))
        path.chmod(0o755)
