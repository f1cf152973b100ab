"""Deploy a commit: queue, source, build, roll out; and when that fails, leave everything as it was."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import NamedTuple

from podshift.deploy.app.links import refuse_ungranted
from podshift.deploy.build.image import build
from podshift.deploy.containers import Blueprint
from podshift.deploy.events.record import SUPERSEDED, recorded
from podshift.deploy.installation import Installation
from podshift.deploy.prune import prune_quietly
from podshift.deploy.queue import queued
from podshift.deploy.release.accepted import Accepted, noted
from podshift.deploy.release.background import Cancellation
from podshift.deploy.release.branch import move_back, serving
from podshift.deploy.release.gate import Gate
from podshift.deploy.release.options import ORDINARY, Options, check_process
from podshift.deploy.release.repair import repair, repair_unsettled
from podshift.deploy.volumes import sharing
from podshift.errors import Cancelled, PodshiftError, Superseded, said_of
from podshift.manifest import APP_JSON, MANIFEST, MANIFEST_BYTES, PROCFILE, at
from podshift.model import State
from podshift.records import App, Release
from podshift.report import Log
from podshift.source import Commit, Repository

ENDS = {Cancelled: State.CANCELLED, Superseded: State.SUPERSEDED}


class Wish(NamedTuple):
    """What somebody wants deployed. `still_wanted` is asked when the app's lock is ours at last.

    `branch` has moved to the commit already, and goes back when the deploy fails; the `gate`'s moves with success.
    """

    app: str
    commit: str
    by: str
    still_wanted: Callable[[Repository], bool] = lambda _: True
    branch: str | None = None
    gate: Gate | None = None
    options: Options = ORDINARY


def deploy_commit(installation: Installation, wish: Wish, log: Log, cancellation: Cancellation) -> None:
    """From a commit to a live release. Raises PodshiftError after everything was put back."""
    app = installation.app(wish.app)
    repository = Repository(installation.home.repository(app.name))
    with noted(log, Accepted(wish.commit, wish.by, wish.branch, wish.options.message)) as note:
        try:
            with (
                queued(installation, app, log, what=f"deploy of {wish.commit[:7]}", who=wish.by),
                recorded(installation, app.name, "deploy", wish.by, wish.options.message or "") as happening,
            ):
                repair(installation, app, log)
                release = _number(installation, wish, repository, log)
                note.settle()
                if wish.still_wanted(repository):
                    _release(installation, app, wish, release, repository, log, cancellation)
                else:
                    installation.records.end_release(release, State.SUPERSEDED)
                    happening.outcome = SUPERSEDED
                    log.line(f"{app.name} {release.name} is superseded: a newer push came in meanwhile")
        except BaseException:
            if not note.settled:
                with suppress(PodshiftError):  # else the note stays, and the next repair does it
                    if _move_branch_back(installation, wish, repository, log):
                        note.settle()
            raise


def _release(
    installation: Installation, app: App, wish: Wish, release: Release, repository: Repository, log: Log,
    cancellation: Cancellation,
) -> None:  # fmt: skip
    """Until it is live, what goes wrong is put back."""
    try:
        _watch_gate(wish, repository, cancellation)
        _deploy(installation, app, release, wish.options, log, cancellation)
    except BaseException as error:
        cancellation.allowed = False  # what is put back must not break off
        live = installation.records.live_release(app.name)
        if live is None or live.number != release.number:
            over = _move_branch_back(installation, wish, repository, log)
            _give_up(installation, release, error, over=over)
        repair_unsettled(installation, app, log)
        raise
    prune_quietly(installation, app, log)


def _watch_gate(wish: Wish, repository: Repository, cancellation: Cancellation) -> None:
    if gate := wish.gate:
        cancellation.check = lambda: gate.check(repository)
        cancellation.last = lambda: gate.go(repository, wish.commit)
        cancellation.check()
        Thread(target=gate.await_end, args=(cancellation.cancel,), daemon=True).start()


def _number(installation: Installation, wish: Wish, repository: Repository, log: Log) -> Release:
    path, records = installation.app(wish.app).path, installation.records
    files = [at(path, name) for name in (MANIFEST, PROCFILE, APP_JSON)]
    with Commit(repository, wish.commit) as commit:
        manifest, procfile, app_json = (commit.text(file, MANIFEST_BYTES) for file in files)
        subject = commit.subject()
    with records.transaction():
        release = records.add_release(
            wish.app,
            commit=wish.commit,
            subject=subject,
            state=State.BUILDING,
            pushed_by=wish.by,
            branch=wish.gate.branch if wish.gate else wish.branch,
            message=wish.options.message,
        )
        records.keep_snapshot(release, records.variables(wish.app))
        records.describe_release(release, manifest=manifest, procfile=procfile, app_json=app_json)
    log.rename(installation.home.log(wish.app, release.number))
    return records.release(wish.app, release.number)


def _deploy(
    installation: Installation, app: App, release: Release, options: Options, log: Log, cancellation: Cancellation
) -> None:  # fmt: skip
    log.line(f'{app.name} {release.name}: {release.commit[:7]} "{release.subject}", pushed by {release.pushed_by}')
    if release.message:
        log.step("message", release.message)
    manifest = Blueprint(installation, app, release).manifest
    refuse_ungranted(app, manifest, installation.records.names)
    check_process(options, app, manifest.web)
    for warning in (*manifest.notes, *sharing(manifest)):
        log.warning(warning)
    has_healthcheck = build(installation, app, release, log, use_cache=options.use_cache)
    # Not before: a build does not need them, and imports what they need while the engine is at work.
    from podshift.deploy.release.oneoff import run_afterwards, run_release_commands
    from podshift.deploy.release.rollout import roll_out

    facts = installation.engine.image_facts(release.image) if has_healthcheck or not manifest.web.port else None
    port = manifest.web.port or _exposed_port(release, facts.ports if facts else ())
    installation.records.start_release(release, port, healthcheck=bool(facts and facts.healthcheck))
    release = installation.records.release(app.name, release.number)
    cancellation.check()
    run_release_commands(installation, app, release, log)
    roll_out(installation, app, release, log, cancellation, canary=options.canary)
    run_afterwards(installation, app, release, log)


def _exposed_port(release: Release, ports: Sequence[int]) -> int:
    """The port of an image that says nothing, or one; several are a question for podshift.toml."""
    if len(ports) > 1:
        listed = ", ".join(map(str, ports))
        raise PodshiftError(
            f"the image of {release.name} exposes several ports: {listed}",
            hint=f"say which serves HTTP in podshift.toml: [web] port = {ports[0]}",
        )
    return ports[0] if ports else 8080


def _give_up(installation: Installation, release: Release, error: BaseException, *, over: bool) -> None:
    """The release is over, and so is its image; nothing of it is left but its record and its log.

    One that is not `over` stays unfinished in the records, for the next repair to find.
    """
    state = next((state for kind, state in ENDS.items() if isinstance(error, kind)), State.FAILED)
    with suppress(PodshiftError):
        installation.engine.remove_images([release.image])
    if over:
        with suppress(PodshiftError):
            installation.records.end_release(release, state, said_of(error))


def _move_branch_back(installation: Installation, wish: Wish, repository: Repository, log: Log) -> bool:
    """The branch goes back to what is live, so that the same push can be made again; the gate's to where it was.

    False when it could not, for want of room perhaps.
    """
    live = installation.records.live_release(wish.app)
    if wish.gate is not None:
        wish.gate.go_back(repository, wish.commit)
    moved = move_back(installation, repository, wish.app, wish.branch, wish.commit)
    at_it = f"{wish.branch} is back at {live.commit[:7]}" if live else ""
    moved = f"{wish.branch} is back at it" if moved == at_it else moved
    branch = wish.gate.branch if wish.gate else wish.branch
    stuck = bool(branch and not moved and repository.tip(branch) == wish.commit != (live and live.commit))
    moved = f"{branch} could not be moved back: podshift up does that" if stuck else moved
    log.line(f"{wish.app}: {serving(installation, wish.app)}{f', and {moved}' if moved else ''}")
    return not stuck
