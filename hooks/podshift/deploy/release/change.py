"""Rollback, new config: a rotation to an image that is there already, without a build."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from podshift.deploy.build.image import ensure_image
from podshift.deploy.events.record import Happening, recorded
from podshift.deploy.installation import Installation
from podshift.deploy.queue import queued
from podshift.deploy.release.background import Cancellation
from podshift.deploy.release.branch import serving
from podshift.deploy.release.repair import repair, repair_unsettled
from podshift.deploy.release.rollout import roll_out
from podshift.errors import Cancelled, PodshiftError
from podshift.model import State
from podshift.records import App, Release
from podshift.report import Log

Variables = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one app that somebody asked for, with where it reports."""

    installation: Installation
    app: App
    by: str
    log: Log
    cancellation: Cancellation


def rollback(change: Change, number: int | None, *, keep_config: bool = False) -> None:
    """Run an earlier release's image and config again, as a new release. None: the one that was live before."""
    with changing(change, "rollback") as happening:
        earlier = earlier_release(change.installation, change.app.name, number)
        happening.what = f"back to {earlier.name}"
        records = change.installation.records
        config = records.variables(change.app.name) if keep_config else records.release_variables(earlier)
        run_again(change, earlier, config, happening.what, rollback_of=earlier.number)


def configure(change: Change, edit: Callable[[Variables], Variables], what: str) -> None:
    """Change the config variables, by a new release of the live image: when that fails, nothing was changed."""
    with changing(change, "config", what):
        records = change.installation.records
        config = edit(records.variables(change.app.name))
        live = records.live_release(change.app.name)
        if live is None or not records.containers().get(change.app.name):
            set_variables(change, config)
            change.log.success(f"{change.app.name}: {what}; nothing runs that could use it")
        else:
            run_again(change, live, config, what, undone=f"; not kept: {what}")


def configure_later(change: Change, edit: Callable[[Variables], Variables], what: str) -> None:
    """Change the config variables of the releases to come."""
    with changing(change, "config", what):
        set_variables(change, edit(change.installation.records.variables(change.app.name)))
        change.log.success(f"{change.app.name}: {what}; the next release will use it")


def configure_builds(change: Change, edit: Callable[[Variables], Variables], what: str) -> None:
    """Change the secrets of the builds to come."""
    with changing(change, "config", what):
        records, name = change.installation.records, change.app.name
        before = records.build_variables(name)
        after = edit(before)
        with records.transaction():
            records.replace_build_variables(name, after)
        then = "the next build can mount it" if after.keys() >= before.keys() else "no further build can mount it"
        change.log.success(f"{name}: {what}; {then}")


@contextmanager
def changing(change: Change, what: str, detail: str = "") -> Iterator[Happening]:
    """Hold the app's lock, with whatever an interrupted deploy left behind put right; it becomes an event."""
    installation, app, log = change.installation, change.app, change.log
    with (
        queued(installation, app, log, what=what, who=change.by, prepare=lambda: repair(installation, app, log)),
        recorded(installation, app.name, what, change.by, detail) as happening,
    ):
        try:
            yield happening
        except BaseException:
            repair_unsettled(installation, app, log)
            raise


def tell_what_serves(change: Change, undone: str = "") -> None:
    """Of a change that failed, before its error. Nothing where the records cannot be read: the error is the news."""
    with suppress(PodshiftError):
        change.log.line(f"{change.app.name}: {serving(change.installation, change.app.name)}{undone}")


@contextmanager
def telling_what_serves(change: Change) -> Iterator[None]:
    """For a rotation of the live release itself."""
    try:
        yield
    except PodshiftError:
        tell_what_serves(change)
        raise


def live_release(change: Change) -> Release:
    live = change.installation.records.live_release(change.app.name)
    if live is None:
        raise PodshiftError(f"{change.app.name} has no live release", hint=f"git push a commit to {change.app.branch}")
    return live


def set_variables(change: Change, config: Variables) -> None:
    with change.installation.records.transaction():
        change.installation.records.replace_variables(change.app.name, config)


def run_again(
    change: Change, earlier: Release, config: Variables, what: str, *, rollback_of: int | None = None, undone: str = ""
) -> None:
    """A new release of an earlier one's image, with this config. Raises PodshiftError when it did not go live.

    What serves then is told, and `undone` beside it.
    """
    records, name = change.installation.records, change.app.name
    with records.transaction():
        release = records.add_release(
            name,
            commit=earlier.commit,
            subject=earlier.subject,
            state=State.STARTING,
            pushed_by=change.by,
            of=earlier,
            rollback_of=rollback_of,
        )
        records.keep_snapshot(release, config)
    change.log.rename(change.installation.home.log(name, release.number))
    change.log.line(f'{name} {release.name}: {what}, {earlier.commit[:7]} "{earlier.subject}"')
    try:
        ensure_image(change.installation, change.app, release, change.log)
        roll_out(change.installation, change.app, release, change.log, change.cancellation)
    except BaseException as error:
        if records.release(name, release.number).state is not State.LIVE:
            state = State.CANCELLED if isinstance(error, Cancelled) else State.FAILED
            records.end_release(release, state, str(error))
            tell_what_serves(change, undone)
        raise


def earlier_release(installation: Installation, name: str, number: int | None) -> Release:
    """The release to go back to. Raises PodshiftError when there is none, or its image is gone."""
    live = installation.records.live_release(name)
    if number is None:
        retired = [one for one in installation.records.releases(name) if one.state is State.RETIRED]
        earlier = next((one for one in retired if not live or one.number < (live.rollback_of or live.number)), None)
        if earlier is None:
            raise PodshiftError(f"{name} has no earlier release to go back to", hint=f"podshift releases {name}")
    else:
        earlier = installation.records.release(name, number)
        if earlier.state not in (State.RETIRED, State.LIVE):
            raise PodshiftError(
                f"{earlier.name} never went live: it is {earlier.state}", hint=f"podshift releases {name}"
            )
    if not installation.engine.exists("image", earlier.image):
        raise PodshiftError(
            f"the image of {earlier.name} is no longer kept",
            hint=f"podshift deploy {name} {earlier.commit[:12]} builds it again",
        )
    return earlier
