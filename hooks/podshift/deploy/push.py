"""Deploy a commit: queue, source, build, roll out; and when that fails, leave everything as it was."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from podshift.deploy.background import Cancellation
from podshift.deploy.containers import Blueprint
from podshift.deploy.gate import Gate
from podshift.deploy.installation import Installation
from podshift.deploy.oneoff import run_release_command
from podshift.deploy.prune import prune_images
from podshift.deploy.queue import queued
from podshift.deploy.reconcile import repair
from podshift.deploy.rollout import roll_out
from podshift.errors import Cancelled, PodshiftError, Superseded
from podshift.model import Build, State
from podshift.records import App, Release
from podshift.report import Log, duration
from podshift.source import Repository, clean_git_environment, export

CONTAINERFILES = ("Containerfile", "Dockerfile")
MANIFEST, PROCFILE = "podshift.toml", "Procfile"
MANIFEST_BYTES = 64 * 1024
ENDS = {Cancelled: State.CANCELLED, Superseded: State.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants deployed. `still_wanted` is asked when the app's lock is ours at last.

    `branch` has moved to the commit already, and goes back when the deploy fails; the `gate`'s moves with success.
    """

    app: str
    commit: str
    by: str
    still_wanted: Callable[[Repository], bool] = lambda _: True
    branch: str | None = None
    gate: Gate | None = None


def deploy_commit(installation: Installation, wish: Wish, log: Log, cancellation: Cancellation) -> None:
    """From a commit to a live release. Raises PodshiftError after everything was put back."""
    app = installation.app(wish.app)
    repository = Repository(installation.home.repository(app.name))
    with queued(installation, app, log, what=f"deploy of {wish.commit[:7]}", who=wish.by):
        repair(installation, app, log)
        release = _number(installation, wish, repository, log)
        if not wish.still_wanted(repository):
            installation.records.end_release(release, State.SUPERSEDED)
            log.line(f"{app.name} {release.name} is superseded: a newer push came in meanwhile")
            return
        try:
            _watch_gate(wish, repository, cancellation)
            _deploy(installation, app, release, repository, log, cancellation)
        except BaseException as error:
            _give_up(installation, release, error)
            _move_branch_back(installation, wish, release, repository, log)
            raise
        prune_images(installation, app)


def _watch_gate(wish: Wish, repository: Repository, cancellation: Cancellation) -> None:
    if gate := wish.gate:
        cancellation.check = lambda: gate.check(repository)
        cancellation.last = lambda: gate.go(repository, wish.commit)
        cancellation.check()


def _number(installation: Installation, wish: Wish, repository: Repository, log: Log) -> Release:
    release = installation.records.add_release(
        wish.app,
        commit=wish.commit,
        subject=repository.subject(wish.commit),
        state=State.BUILDING,
        pushed_by=wish.by,
    )
    with installation.records.transaction():
        installation.records.keep_snapshot(release, installation.records.variables(wish.app))
    installation.records.describe_release(
        release,
        manifest=repository.read_text(wish.commit, MANIFEST, MANIFEST_BYTES),
        procfile=repository.read_text(wish.commit, PROCFILE, MANIFEST_BYTES),
    )
    log.rename(installation.home.log(wish.app, release.number))
    return installation.records.release(wish.app, release.number)


def _deploy(
    installation: Installation, app: App, release: Release, repository: Repository, log: Log,
    cancellation: Cancellation,
) -> None:  # fmt: skip
    log.line(f'{app.name} {release.name}: {release.commit[:7]} "{release.subject}"')
    manifest = Blueprint(installation, app, release).manifest
    began = time.monotonic()
    with installation.home.temporary_folder(app.name, "source") as folder:
        tree = folder / "tree"
        tree.mkdir()
        tree.chmod(0o755)  # whatever the umask: it is part of the build cache's key
        export(repository, release.commit, tree, lambda line: log.step("source", line))
        build_image(installation, app, release, manifest.build, tree, log)
    log.step("build", f"done in {duration(time.monotonic() - began)}")
    ports = installation.engine.image_facts(release.image).ports
    installation.records.start_release(release, manifest.web.port or _only(ports, release))
    release = installation.records.release(app.name, release.number)
    cancellation.check()
    run_release_command(installation, app, release, log)
    roll_out(installation, app, release, log, cancellation)


def build_image(installation: Installation, app: App, release: Release, build: Build, tree: Path, log: Log) -> None:
    """Build the checked-out tree. Raises PodshiftError with the engine's own words."""
    context = _inside(tree, build.context)
    containerfile = _containerfile(context if build.containerfile is None else tree, tree, build)
    labels = {
        "podshift.home": installation.label,
        "podshift.app": app.name,
        "podshift.commit": release.commit,  # last: the build cache holds up to what differs
    }
    with clean_git_environment():
        installation.engine.build(
            image=release.image,
            context=context,
            containerfile=containerfile,
            target=build.target,
            args=build.args,
            labels=labels,
            on_line=lambda line: log.output("build", line),
        )


def _containerfile(folder: Path, tree: Path, build: Build) -> Path:
    names = [build.containerfile] if build.containerfile else list(CONTAINERFILES)
    for name in names:
        if (folder / name).is_file():
            return _inside(tree, str((folder / name).relative_to(tree)))
    raise PodshiftError(
        f"there is no {' or '.join(names)} in the pushed commit",
        hint="add one, commit it, and push again",
    )


def _inside(tree: Path, path: str) -> Path:
    """The real place of a path of the tree, which no symbolic link may lead out of."""
    place = (tree / path).resolve()
    if place.is_relative_to(tree.resolve()) and place.exists():
        return place
    raise PodshiftError(f"{path} is not inside the pushed commit", hint="look at [build] in podshift.toml")


def _only(ports: tuple[int, ...], release: Release) -> int:
    """The port of an image that says nothing, or one; several are a question for podshift.toml."""
    if len(ports) > 1:
        listed = ", ".join(map(str, ports))
        raise PodshiftError(
            f"the image of {release.name} exposes several ports: {listed}",
            hint=f"say which serves HTTP in podshift.toml: [web] port = {ports[0]}",
        )
    return ports[0] if ports else 8080


def _give_up(installation: Installation, release: Release, error: BaseException) -> None:
    """The release is over, and so is its image; nothing of it is left but its record and its log."""
    if installation.records.release(release.app, release.number).state is State.LIVE:
        return
    state = next((state for kind, state in ENDS.items() if isinstance(error, kind)), State.FAILED)
    message = error.message if isinstance(error, PodshiftError) else repr(error)
    with suppress(PodshiftError):
        installation.engine.remove_images([release.image])
    with suppress(PodshiftError):
        installation.records.end_release(release, state, message)


def _move_branch_back(
    installation: Installation, wish: Wish, release: Release, repository: Repository, log: Log
) -> None:  # fmt: skip
    """The branch goes back to what is live, so that the same push can be made again; the gate's to where it was."""
    live = installation.records.live_release(wish.app)
    if live and live.number == release.number:
        return
    if wish.gate is not None:
        wish.gate.go_back(repository, wish.commit)
    serving = f"{live.name} ({live.commit[:7]}) still serves" if live else "nothing was serving before"
    if wish.branch is not None:
        with suppress(PodshiftError):
            if repository.move_branch(wish.branch, live.commit if live else None, wish.commit):
                serving += f", and {wish.branch} is {'back at it' if live else 'away again'}"
    log.line(f"{wish.app}: {serving}")
