"""From a commit to an image: its tree in a private folder, built by the engine."""

import time
from pathlib import Path
from threading import Thread

from podshift.deploy.buildtime import in_time
from podshift.deploy.containers import Blueprint
from podshift.deploy.installation import Installation
from podshift.deploy.slots import build_slot
from podshift.engine import BuildRequest
from podshift.errors import PodshiftError
from podshift.manifest import places
from podshift.model import Build
from podshift.records import App, Release
from podshift.render import import_jinja2
from podshift.report import Log, duration
from podshift.source import Outside, Repository, clean_git_environment, kept_tree


def build(installation: Installation, app: App, release: Release, log: Log, *, use_cache: bool = True) -> None:
    """Make the release's image. Raises PodshiftError with the engine's own words."""
    repository = Repository(installation.home.repository(app.name))
    manifest = Blueprint(installation, app, release).manifest
    began = time.monotonic()
    where = places(release.path, manifest.build)
    with kept_tree(
        repository, release.commit, installation.home.checkout(app.name), outside(installation, app, where.context),
        lambda line: log.step("source", line),
    ) as tree:  # fmt: skip
        _build_tree(installation, app, release, manifest.build, tree, log, use_cache)
    log.step("build", f"done in {duration(time.monotonic() - began)}")


def outside(installation: Installation, app: App, context: str) -> Outside:
    """By which ways the app's builds get what is not in its own repository."""
    home = installation.home
    return Outside(
        app=app.name, origin=app.origin, trusted=app.origin, kept=home.fetched(app.name),
        known_hosts=home.known_hosts, within=context,
        key=installation.records.deploy_key(app.name).private,
    )  # fmt: skip


def ensure_image(installation: Installation, app: App, release: Release, log: Log) -> None:
    """Build it again from the repository where it is gone: on a machine that a backup was restored to."""
    if not installation.engine.exists("image", release.image):
        log.step("build", f"the image of {release.name} is gone; building {release.commit[:7]} again")
        build(installation, app, release, log)


def _build_tree(
    installation: Installation, app: App, release: Release, build: Build, tree: Path, log: Log, use_cache: bool
) -> None:  # fmt: skip
    where = places(release.path, build)
    context = _inside(tree, where.context)
    containerfile = next((tree / name for name in where.containerfiles if (tree / name).is_file()), None)
    if containerfile is None:
        raise where.missing(release.commit)
    containerfile = _inside(tree, str(containerfile.relative_to(tree)))
    # What the rotation needs is imported while the engine builds, and this process would only wait.
    Thread(target=import_jinja2).start()
    labels = {
        "podshift.home": installation.label,
        "podshift.app": app.name,
        "podshift.commit": release.commit,  # last: the build cache holds up to what differs
    }
    request = BuildRequest(
        release.image, context, containerfile, target=build.target, args=build.args, labels=labels,
        use_cache=use_cache, seconds=build.timeout, memory=installation.settings.build_memory,
        secrets=installation.records.build_variables(app.name),
    )  # fmt: skip
    with clean_git_environment(), build_slot(installation, release, log), in_time(build, installation.settings):
        installation.engine.build(request, lambda line: log.output("build", line))


def _inside(tree: Path, path: str) -> Path:
    """The real place of a path of the tree, which no symbolic link may lead out of."""
    place = (tree / path).resolve()
    if place.is_relative_to(tree.resolve()) and place.exists():
        return place
    raise PodshiftError(f"{path} is not inside the pushed commit", hint="look at [build] in podshift.toml")
