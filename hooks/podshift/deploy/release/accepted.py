"""What was accepted and has no release yet: none is forgotten whose deployer is killed before its turn.

A note stands beside the log of each, locked by the process that is to deploy it. One that nobody locks is of a process
that was killed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.lock import AppLock
from podshift.model import State
from podshift.records import App
from podshift.report import Log
from podshift.settings import Home
from podshift.source import Commit, Repository

SUFFIX = ".accepted"


class Accepted(NamedTuple):
    """`branch` has moved to the commit already; None: none has."""

    commit: str
    by: str
    branch: str | None
    message: str | None


class Note:
    """The note of one that this process is to deploy."""

    def __init__(self, log: Log, accepted: Accepted) -> None:
        self.lock = AppLock(log.path.with_suffix(SUFFIX), what=json.dumps(accepted._asdict()), who=accepted.by)
        self.settled = False
        with suppress(PodshiftError):  # the deploy is as good without
            self.lock.try_acquire()

    def settle(self) -> None:
        """The records have a release of it, or its branch is back."""
        self.settled = True
        self.lock.path.unlink(missing_ok=True)
        self.lock.leave()


@contextmanager
def noted(log: Log, accepted: Accepted) -> Iterator[Note]:
    """A note for as long as it is not settled; whoever repairs finds one that the block could not settle."""
    note = Note(log, accepted)
    try:
        yield note
    finally:
        note.lock.leave()


def forgotten(home: Home, app: str) -> list[Path]:
    """The notes of killed deployers, the oldest first. Those of living ones are locked."""
    locks = [AppLock(path) for path in home.log(app, 0).parent.glob(f".*{SUFFIX}")]
    left = [(lock.left().since, lock.path) for lock in locks if lock.holder() is None and lock.left().pid]
    return [path for _, path in sorted(left)]


def number_forgotten(installation: Installation, app: App, repository: Repository) -> None:
    """Give each the release that its deployer did not come to make. The caller holds the app's lock."""
    records = installation.records
    for path in forgotten(installation.home, app.name):
        left = AppLock(path).left()
        accepted = Accepted(**json.loads(left.what))
        if not any(one.commit == accepted.commit and one.at >= left.since for one in records.releases(app.name)):
            release = records.add_release(
                app.name,
                commit=accepted.commit,
                subject=_subject(repository, accepted.commit),
                state=State.BUILDING,
                pushed_by=accepted.by,
                branch=accepted.branch,
                message=accepted.message,
            )
            with suppress(OSError):
                path.with_suffix(".log").replace(installation.home.log(app.name, release.number))
        path.unlink(missing_ok=True)


def _subject(repository: Repository, commit: str) -> str:
    with suppress(PodshiftError), Commit(repository, commit) as accepted:
        return accepted.subject()
    return ""
