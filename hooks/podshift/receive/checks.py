"""What can be seen not to deploy, before anything has happened."""

from podshift.deploy.app.links import refuse_ungranted
from podshift.deploy.build.timeout import check_timeout
from podshift.deploy.release.options import check_process
from podshift.deploy.server.disk import refuse_nearly_full
from podshift.errors import PodshiftError
from podshift.manifest import APP_JSON, MANIFEST, MANIFEST_BYTES, PROCFILE, Places, at, parse_manifest, places
from podshift.model import Manifest
from podshift.receive.options import SKIP
from podshift.receive.push import Push
from podshift.records import App, Records
from podshift.settings import Home, load_settings
from podshift.source import Commit, Repository, check_bounds, check_received, drop_left_locks


def check(home: Home, push: Push) -> None:
    """Raises PodshiftError for a push that is to be refused."""
    repository = Repository(home.repository(push.app.name))
    check_history(repository, push)
    settings = load_settings(home)
    if any(update.new for update in push.updates):  # whatever the ref: its objects come to the same disk
        refuse_nearly_full(home, settings)
        check_received(settings.max_push_mb)
    update = push.deploy
    if update and update.new is None:
        raise PodshiftError(
            f"{push.app.branch} is the branch that deploys {push.app.name}; it cannot be deleted",
            hint=f"podshift destroy {push.app.name} takes the app away",
        )
    if update and update.new:
        drop_left_locks(repository.path, push.app.branch)
        check_bounds(repository, update.new)
        if push.options.skip:
            check_skip(push)
            return
        with Commit(repository, update.new) as commit:
            manifest = check_commit(commit, push.app)
        refuse_ungranted(push.app, manifest, lambda: _names(home))
        check_process(push.options.deploy, push.app, manifest.web)
        check_timeout(manifest.build, settings)


def _names(home: Home) -> set[str]:
    records = Records(home.database)
    try:
        return records.names()
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


def check_commit(commit: Commit, app: App) -> Manifest:
    """What the commit says of itself. Raises PodshiftError for all that can be seen to fail without a build."""
    path = app.path
    if path:
        check_path(commit, app)
    files = [at(path, name) for name in (MANIFEST, PROCFILE, APP_JSON)]
    manifest = parse_manifest(*(commit.text(file, MANIFEST_BYTES) for file in files))
    where = places(path, manifest.build)
    if not commit.has(*where.containerfiles):
        check_kind(commit, where, app.name)
    return manifest


def check_kind(commit: Commit, where: Places, app: str) -> None:
    """Raises PodshiftError unless it may be a kind of app that podshift knows; the build will look more closely."""
    from podshift.recognise import could_be_known, nothing_known  # most apps bring a Containerfile
    from podshift.source.tree import CommitTree

    if not where.recognisable:
        raise where.missing(commit.oid)
    tree = CommitTree(commit, where.context)
    if not could_be_known(tree.names()):
        raise nothing_known(f"{where.listed} in commit {commit.oid[:7]}", tree, where.context, app)


def check_path(commit: Commit, app: App) -> None:
    """Raises PodshiftError unless the folder of the app is there; git does not look through a link in it."""
    path = app.path
    entry = commit.entry(path)
    if entry is None or entry.kind != "a directory":
        found = f"{path} is {entry.kind}, and no folder," if entry else f"there is no folder {path}"
        raise PodshiftError(
            f"{found} in commit {commit.oid[:7]}",
            hint=f"push the branch that has it; on the server `podshift path {app.name} DIR` names another folder",
        )
