"""Rollback and restart: a rotation without a build."""

from podshift.deploy.background import Cancellation
from podshift.deploy.installation import Installation
from podshift.deploy.queue import queued
from podshift.deploy.reconcile import repair
from podshift.deploy.rollout import roll_out
from podshift.errors import Cancelled, PodshiftError
from podshift.model import State
from podshift.records import Release
from podshift.report import Log


def rollback(
    installation: Installation, name: str, number: int | None, by: str, log: Log, cancellation: Cancellation
) -> None:
    """Run an earlier release's image again, as a new release. None: the one that was live before this one."""
    app = installation.app(name)
    with queued(installation, app, log, what="rollback", who=by):
        repair(installation, app, log)
        earlier = _earlier(installation, name, number)
        release = installation.records.add_release(
            name, commit=earlier.commit, subject=earlier.subject, state=State.STARTING, pushed_by=by, of=earlier
        )
        log.rename(installation.home.log(name, release.number))
        log.line(f'{name} {release.name}: back to {earlier.name}, {earlier.commit[:7]} "{earlier.subject}"')
        try:
            roll_out(installation, installation.app(name), release, log, cancellation)
        except BaseException as error:
            if installation.records.release(name, release.number).state is State.STARTING:
                state = State.CANCELLED if isinstance(error, Cancelled) else State.FAILED
                installation.records.end_release(release, state, str(error))
            raise


def _earlier(installation: Installation, name: str, number: int | None) -> Release:
    live = installation.records.live_release(name)
    if number is None:
        retired = [one for one in installation.records.releases(name) if one.state is State.RETIRED]
        earlier = next((one for one in retired if not live or one.image != live.image), None)
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


def restart(installation: Installation, name: str, by: str, log: Log, cancellation: Cancellation) -> None:
    """New containers of the live release, with the same overlap as a deploy."""
    app = installation.app(name)
    with queued(installation, app, log, what="restart", who=by):
        repair(installation, app, log)
        live = installation.records.live_release(name)
        if live is None:
            raise PodshiftError(f"{name} has no live release", hint=f"git push a commit to {app.branch}")
        log.rename(installation.home.log(name, live.number).with_name("restart.log"))
        log.line(f"{name} {live.name}: restart")
        roll_out(installation, app, live, log, cancellation)


def cancel(installation: Installation, name: str) -> str:
    """Ask the deploy under way to stop; what it was. Raises PodshiftError when there is none."""
    import os
    import signal
    import time

    from podshift.lock import AppLock

    installation.app(name)
    lock = AppLock(installation.home.lock(name))
    holder = lock.holder()
    if holder is None or not holder.alive():
        raise PodshiftError(f"nothing is under way for {name}", hint=f"podshift status {name}")
    os.kill(holder.pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while (now := lock.holder()) and now.pid == holder.pid:
        if time.monotonic() > deadline:
            raise PodshiftError(f"the {holder.what} goes on: it is past the point of no return")
        time.sleep(0.05)
    return holder.what
