"""pre-receive and post-receive: refuse what cannot be deployed, deploy what was accepted."""

import os
import time

from podshift.deploy.buildtime import check_timeout
from podshift.deploy.disk import refuse_nearly_full
from podshift.deploy.links import refuse_ungranted
from podshift.deploy.options import check_process
from podshift.errors import PodshiftError
from podshift.manifest import MANIFEST, MANIFEST_BYTES, PROCFILE, Places, at, parse_manifest, places
from podshift.model import Manifest, State
from podshift.receive.gate import announce
from podshift.receive.options import SKIP
from podshift.receive.push import Push, options_in, pusher, read_push, say
from podshift.records import PUSH, SKIPPED, App, Event, Records
from podshift.report import printable
from podshift.settings import Home, load_settings
from podshift.source import Repository, check_bounds, check_received


def pre_receive(home: Home, app: str, lines: str) -> int:
    """Refuse what can be seen not to deploy. No side effects: the objects of the push are still in quarantine.

    A note for proc-receive says that the gate is shut; without one, it does not even look.
    """
    push = read_push(home, app, lines.splitlines(), options_in(os.environ))
    repository = Repository(home.repository(app))
    check_history(repository, push)
    update = push.deploy
    if update and update.new is None:
        raise PodshiftError(
            f"{push.app.branch} is the branch that deploys {app}; it cannot be deleted",
            hint=f"podshift destroy {app} takes the app away",
        )
    if update and update.new:
        settings = load_settings(home)
        refuse_nearly_full(home, settings)
        check_received(settings.max_push_mb)
        check_bounds(repository, update.new)
        if push.options.skip:
            check_skip(push)
        else:
            manifest = check_commit(repository, update.new, push.app.path)
            refuse_ungranted(push.app, manifest)
            check_process(push.options.deploy, push.app, manifest.web)
            check_timeout(manifest.build, settings)
        if push.gated:
            announce(home.repository(app))
    return 0


def post_receive(home: Home, app: str, lines: str) -> int:
    """Deploy the deploy branch; say of everything else that it does not deploy. git ignores the exit code."""
    push = read_push(home, app, lines.splitlines(), options_in(os.environ))
    for update in push.updates:
        if update != push.deploy:
            what = "deleted" if update.new is None else "accepted, not deployed"
            say(f"{printable(update.name)}: {what} (only {push.app.branch} deploys)")
    wanted = push.deploy
    if wanted is None or wanted.new is None or (push.gated and _was_deployed(home, app, wanted.new)):
        return 0
    if push.options.skip:
        _skip(home, push, wanted.new)
        return 0
    return 0 if _deploy(home, push, wanted.new) else 1


def _was_deployed(home: Home, app: str, commit: str) -> bool:
    """Whether the gate has deployed it; not so when the gate was shut just after this push had passed."""
    records = Records(home.database)
    releases = records.releases(app)
    records.close()
    return any(one.commit == commit and one.state in (State.LIVE, State.RETIRED) for one in releases)


def _deploy(home: Home, push: Push, commit: str) -> bool:
    from podshift.deploy.push import Wish
    from podshift.receive.start import deploy

    app = push.app

    def still_wanted(repository: Repository) -> bool:
        tip = repository.tip(app.branch)
        return tip == commit or tip in _skipped(home, app)

    return deploy(home, Wish(app.name, commit, pusher(), still_wanted, app.branch, options=push.options.deploy))


def _skip(home: Home, push: Push, commit: str) -> None:
    """Write down that this commit was not to be deployed: it replaces none that waits for its deploy."""
    app, what = push.app, push.options.deploy.message or Repository(home.repository(push.app.name)).subject(commit)
    records = Records(home.database)
    records.add_event(Event(time.time(), app.name, PUSH, SKIPPED, pusher(), None, commit, what, None))
    records.close()
    say(f"{printable(app.branch)}: accepted, not deployed (-o {SKIP})")
    say(f"hint: on the server, podshift deploy {app.name} deploys it; so does the next push")


def _skipped(home: Home, app: App) -> list[str]:
    records = Records(home.database)
    try:
        return records.skipped(app.name)
    finally:
        records.close()


def check_history(repository: Repository, push: Push) -> None:
    """A shallow clone may push what is whole together with what is here, and nothing else."""
    cut = repository.cut_off([update.new for update in push.updates if update.new])
    if cut:
        raise PodshiftError(
            f"this is a push from a shallow clone: its history ends at {cut[:7]}, and what came before is not here",
            hint="git fetch --unshallow, and push again",
        )


def check_skip(push: Push) -> None:
    """Raises PodshiftError where the gate is shut: then the branch has only what went live."""
    if push.app.gate:
        raise PodshiftError(
            f"the gate of {push.app.name} is shut: what is on {push.app.branch} has gone live, so -o {SKIP} is refused",
            hint=f"push to another branch; or, on the server, podshift gate {push.app.name} off",
        )


def check_commit(repository: Repository, commit: str, path: str) -> Manifest:
    """What the commit says of itself. Raises PodshiftError for all that can be seen to fail without a build."""
    if path:
        check_path(repository, commit, path)
    manifest = parse_manifest(
        repository.read_text(commit, at(path, MANIFEST), MANIFEST_BYTES),
        repository.read_text(commit, at(path, PROCFILE), MANIFEST_BYTES),
    )
    where = places(path, manifest.build)
    if not any(repository.tree_has(commit, name) for name in where.containerfiles):
        check_kind(repository, commit, where)
    return manifest


def check_kind(repository: Repository, commit: str, where: Places) -> None:
    """Raises PodshiftError unless it may be a kind of app that podshift knows; the build will look more closely."""
    from podshift.recognise import could_be_known, nothing_known  # most apps bring a Containerfile
    from podshift.source.tree import CommitTree

    if not where.recognisable:
        raise where.missing(commit)
    if not could_be_known(CommitTree(repository, commit, where.context).names()):
        raise nothing_known(f"{where.listed} in commit {commit[:7]}")


def check_path(repository: Repository, commit: str, path: str) -> None:
    """Raises PodshiftError unless the folder of the app is there; git does not look through a link in it."""
    entry = repository.entry(commit, path)
    if entry is None or entry.kind != "a directory":
        found = f"{path} is {entry.kind}, and no folder," if entry else f"there is no folder {path}"
        raise PodshiftError(
            f"{found} in commit {commit[:7]}",
            hint="push the branch that has it; on the server `podshift path APP DIR` names another folder",
        )
