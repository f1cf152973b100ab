"""From a commit to an image: its tree in a private folder, built by the engine."""

import re
import time
from pathlib import Path
from threading import Thread

from podshift.deploy.build.check import check_build
from podshift.deploy.build.containerfile import Chosen, choose_containerfile, for_itself, no_base
from podshift.deploy.build.folder import swept, temporary_folder
from podshift.deploy.build.origins import OriginsAhead
from podshift.deploy.build.slots import build_slot
from podshift.deploy.build.timeout import in_time
from podshift.deploy.containers import Blueprint
from podshift.deploy.installation import Installation
from podshift.engine import BuildRequest, EngineError
from podshift.manifest import places
from podshift.records import App, Release
from podshift.render import compile_template
from podshift.report import Log, duration
from podshift.source import TREE, Outside, Repository, clean_git_environment, kept_tree

HEALTHCHECK = re.compile(r"^[ \t]*HEALTHCHECK[ \t]++(?!NONE)", re.MULTILINE | re.IGNORECASE)
MEND_IT = "what the build said is above: mend it, and push again"
OWN_IT = "podshift containerfile, in a checkout, prints the Containerfile that was used: commit it and change it"


def build(installation: Installation, app: App, release: Release, log: Log, *, use_cache: bool = True) -> bool:
    """Make the release's image. Raises PodshiftError with the engine's own words.

    Whether its Containerfile, or an image that it starts from, has a HEALTHCHECK: then its own may be there.
    """
    repository = Repository(installation.home.repository(app.name))
    blueprint = Blueprint(installation, app, release)
    began = time.monotonic()
    where = places(release.path, blueprint.manifest.build)
    checkout = installation.home.checkout(app.name)
    ahead = OriginsAhead(installation.engine, blueprint.manifest.build, checkout / TREE, where)
    with kept_tree(
        repository, release.commit, checkout, outside(installation, app, where.context),
        lambda line: log.step("source", line),
    ) as tree, installation.home.temporary_folder(app.name, "build") as beside:  # fmt: skip
        has_healthcheck = _build_tree(blueprint, tree, beside, log, use_cache, ahead)
    log.step("build", f"done in {duration(time.monotonic() - began)}")
    return has_healthcheck


def outside(installation: Installation, app: App, context: str) -> Outside:
    """By which ways the app's builds get what is not in its own repository."""
    home = installation.home
    return Outside(
        app=app.name, origin=app.origin, trusted=app.trusted, kept=home.fetched(app.name),
        known_hosts=home.known_hosts, within=context,
        key=installation.records.deploy_key(app.name).private, limit_mb=installation.settings.max_push_mb,
    )  # fmt: skip


def ensure_image(installation: Installation, app: App, release: Release, log: Log) -> None:
    """Build it again from the repository where it is gone: on a machine that a backup was restored to."""
    if not installation.engine.exists("image", release.image):
        log.step("build", f"the image of {release.name} is gone; building {release.commit[:7]} again")
        build(installation, app, release, log)


def _build_tree(blueprint: Blueprint, tree: Path, beside: Path, log: Log, use_cache: bool, ahead: OriginsAhead) -> bool:
    """Build the tree; what is written for the build only goes into the private folder `beside`."""
    installation, app, release = blueprint.installation, blueprint.app, blueprint.release
    build, command = blueprint.manifest.build, blueprint.manifest.web.command
    where = places(release.path, build)
    chosen = choose_containerfile(tree, beside, where, command, installation.settings, blueprint.templates)
    if chosen is None:
        raise where.missing(release.commit)
    for line in chosen.said:
        log.step("build", line)
    inherits = _check(blueprint, tree, chosen, log, ahead)
    Thread(target=_prepare_rotation, args=(blueprint,)).start()
    labels = {
        "podshift.home": installation.label,
        "podshift.app": app.name,
        "podshift.commit": release.commit,  # last: the build cache holds up to what differs
    }
    secrets = installation.records.build_variables(app.name)
    try:
        chosen = for_itself(chosen, app.name, secrets, beside)
    except ValueError:  # podshift cannot read it, and the operator does not have it checked
        use_cache = False
    has_healthcheck = inherits or bool(HEALTHCHECK.search(chosen.path.read_text(errors="replace")))
    request = BuildRequest(
        release.image, chosen.context, chosen.path, target=build.target, args=build.args, labels=labels,
        use_cache=use_cache, seconds=build.timeout, memory=installation.settings.build_memory,
        secrets=secrets, files=_host_files(installation, beside),
        ignore_file=chosen.ignore_file, healthcheck=has_healthcheck,
        network=_network(installation, app), temporary=swept(temporary_folder(installation, app)),
    )  # fmt: skip
    try:
        with clean_git_environment(), build_slot(installation, release, log), in_time(build, installation.settings):
            installation.engine.build(request, lambda line: log.output("build", line))
    except EngineError as error:
        error.details = ()  # they were shown as they came, just above
        error.hint = error.hint or (OWN_IT if chosen.recognised else MEND_IT)
        raise
    return has_healthcheck


def _check(blueprint: Blueprint, tree: Path, chosen: Chosen, log: Log, ahead: OriginsAhead) -> bool:
    build = blueprint.manifest.build
    try:
        return check_build(
            blueprint.installation, blueprint.app, build, tree, chosen.context, chosen.path, log, ahead
        )  # fmt: skip
    except EngineError as error:
        error.hint = error.hint or no_base(chosen)
        raise


def _prepare_rotation(blueprint: Blueprint) -> None:
    """Import and compile what comes after the build, while the engine builds and this process would only wait."""
    import podshift.rotate  # noqa: F401

    compile_template("run.args.j2", blueprint.templates)
    compile_template("haproxy.cfg.j2", [blueprint.installation.home.templates])


def _host_files(installation: Installation, folder: Path) -> dict[str, Path]:
    if installation.settings.package_index == "none":
        return {}
    from podshift.deploy.build.packageindex import host_secrets

    return host_secrets(folder)


def _network(installation: Installation, app: App) -> str:
    """Root's podman would put the steps on a network from which they reach every app's; a rootless one cannot."""
    return "" if installation.settings.rootless else installation.network(app.name)
