"""Who did what to an app, and when: written down, and told to whom it concerns."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from podshift.deploy.events.notify import notify
from podshift.deploy.installation import Installation
from podshift.errors import Cancelled, PodshiftError, Superseded, said_of
from podshift.model import State
from podshift.records import Event, Release

OK, FAILED, CANCELLED, SUPERSEDED = "ok", "failed", "cancelled", "superseded"
ENDS = {Cancelled: CANCELLED, Superseded: SUPERSEDED}


@dataclass
class Happening:
    """What is being done; who does it may say more about it."""

    what: str = ""
    outcome: str = OK


@contextmanager
def recorded(installation: Installation, app: str, kind: str, by: str, what: str = "") -> Iterator[Happening]:
    """Write down how the block ends. The caller holds the app's lock."""
    happening = Happening(what)
    before = _newest(installation, app)
    error: str | None = None
    try:
        yield happening
    except BaseException as raised:
        error = said_of(raised)
        happening.outcome = next((end for kind, end in ENDS.items() if isinstance(raised, kind)), FAILED)
        raise
    finally:
        release = _concerned(installation, app, before)
        if error and release and release != before and release.state is State.LIVE:
            happening.outcome = OK  # what went wrong did so after the switch
        record(installation, app, kind, by, happening.what, happening.outcome, release, error)


def record(
    installation: Installation, app: str, kind: str, by: str, what: str = "", outcome: str = OK,
    release: Release | None = None, error: str | None = None,
) -> None:  # fmt: skip
    """Write one event down, and tell. Never raises: what happened has happened, whether it can be written or not."""
    number, commit, subject = (release.number, release.commit, release.subject) if release else (None, None, "")
    what = what or ((release and release.message) or subject if kind == "deploy" else "")
    event = Event(time.time(), app, kind, outcome, by, number, commit, what, error)
    with suppress(PodshiftError):
        installation.records.add_event(event)
    with suppress(PodshiftError, OSError):
        notify(installation, event)


def record_untold(installation: Installation, app: str, error: str) -> None:
    """A release that is live is an event, also where its deployer was killed before it could say so."""
    live = installation.records.live_release(app)
    if live and installation.records.is_untold(app, live.number, live.at):
        what = f"back to v{live.rollback_of}" if live.rollback_of else ""
        record(installation, app, kind_of(live), live.pushed_by, what, OK, live, error)


def kind_of(release: Release) -> str:
    """What made the release."""
    if release.rollback_of:
        return "rollback"
    return "deploy" if release.image.endswith(f":{release.name}") else "config"


def _newest(installation: Installation, app: str) -> Release | None:
    return next(iter(installation.records.releases(app)), None)


def _concerned(installation: Installation, app: str, before: Release | None) -> Release | None:
    """The release that was made meanwhile, else the one that is live."""
    with suppress(PodshiftError):
        newest = _newest(installation, app)
        if newest and (before is None or newest.number > before.number):
            return newest
        return installation.records.live_release(app)
    return None
