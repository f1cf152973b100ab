"""A gated push: its branch moves at the moment when its release goes live, or not at all."""

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from podshift.errors import Cancelled, PodshiftError, Superseded
from podshift.lock import seconds_since_start
from podshift.model import State
from podshift.records import Records
from podshift.settings import Home
from podshift.source import Repository

BROKEN_OFF = "the push was broken off before its release went live; nothing was changed"


def was_deployed(home: Home, app: str, commit: str) -> bool:
    """Whether this push's release of the commit went live, asked in a hook of it; an earlier one does not count.

    No SQLite connection is left open: they survive no fork.
    """
    since = time.time() - seconds_since_start(os.getppid())
    records = Records(home.database)
    newest = next((one for one in records.releases(app) if one.commit == commit and one.at >= since), None)
    records.close()
    return newest is not None and newest.state in (State.LIVE, State.RETIRED)


class Gate(NamedTuple):
    """`old` is where git told the pusher that the branch stands; `processes` are descriptors of who waits for us."""

    branch: str
    old: str | None
    processes: tuple[int, ...]

    @classmethod
    @contextmanager
    def of_this_push(cls, branch: str, old: str | None) -> Iterator["Gate"]:
        """Made in the hook, whose parent is git's receive-pack; a deployer that is forked inherits it."""
        with ExitStack() as stack:
            processes = tuple(os.pidfd_open(pid) for pid in (os.getpid(), os.getppid()))
            for descriptor in processes:
                stack.callback(os.close, descriptor)
            yield cls(branch, old, processes)

    def check(self, repository: Repository) -> None:
        """Raises PodshiftError when this push cannot come to a good end any more."""
        if self._broken_off(0):
            raise Cancelled(BROKEN_OFF)
        if repository.tip(self.branch) != self.old:
            raise self._moved()

    def await_end(self, cancel: Callable[[str], None]) -> None:
        """Return when nobody waits for the deploy any more, after saying so: a build may still take long."""
        if self._broken_off(None):
            cancel(BROKEN_OFF)

    def _broken_off(self, milliseconds: float | None) -> bool:
        poll = select.poll()
        for descriptor in self.processes:
            poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(milliseconds))

    def go(self, repository: Repository, commit: str) -> None:
        """Move the branch to the commit: the very last thing before the release is live. Raises PodshiftError."""
        self.check(repository)
        if not repository.move_branch(self.branch, commit, self.old):
            raise self._moved()

    def go_back(self, repository: Repository, commit: str) -> None:
        """Take go() back, if it got that far."""
        with suppress(PodshiftError):
            if repository.tip(self.branch) == commit != self.old:
                repository.move_branch(self.branch, self.old, commit)

    def _moved(self) -> Superseded:
        return Superseded(
            f"another push has moved {self.branch} meanwhile; nothing was changed", hint="git fetch, and push again"
        )
