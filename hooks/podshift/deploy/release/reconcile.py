"""Make what runs equal to what the records say should run: after a crash, a reboot, a restore."""

import shutil
from collections.abc import Sequence
from functools import partial

from podshift.deploy.build.image import ensure_image
from podshift.deploy.containers import RELEASE_COMMAND, Blueprint, lasting_containers
from podshift.deploy.edge.container import ensure_edge
from podshift.deploy.events.record import FAILED, kind_of, record, record_untold
from podshift.deploy.installation import Installation
from podshift.deploy.proxy import ensure_proxy, synchronise_maps
from podshift.deploy.prune import prune_quietly
from podshift.deploy.queue import queued
from podshift.deploy.release.accepted import number_forgotten
from podshift.deploy.release.branch import move_back
from podshift.deploy.release.repair import UNFINISHED
from podshift.deploy.volumes import prepare_volumes
from podshift.engine import Container
from podshift.errors import PodshiftError
from podshift.exits import hinted
from podshift.proxy import backend_name, end_canary
from podshift.readiness import await_ready
from podshift.records import App, Placed
from podshift.report import Log
from podshift.rotate import drain
from podshift.settings import Home
from podshift.source import Repository, limit_input

INTERRUPTED = "the deploy was interrupted"


def reconcile(installation: Installation, app: App, log: Log) -> None:
    """Bring one app to what its records say. The caller holds the app's lock.

    Raises PodshiftError after all was tried, when a container of the live release does not get ready.
    """
    engine = installation.engine
    engine.end_strays(home=installation.label, app=app.name)
    shutil.rmtree(installation.home.scratch(app.name), ignore_errors=True)
    installation.write_proxy_files()
    recorded = installation.records.containers().get(app.name, [])
    actual = lasting_containers(installation, app) + engine.containers(
        home=installation.label, app=app.name, process=RELEASE_COMMAND
    )
    names = {place.name for place in recorded}
    try:
        started = _bring_up(installation, app, recorded, actual, log)
        _connect(installation, app, recorded, started)
    finally:
        _remove(installation, app, [one.name for one in actual if one.name not in names], log)
        _close_unfinished(installation, app, log)
    installation.home.unsettled(app.name).unlink(missing_ok=True)


def _close_unfinished(installation: Installation, app: App, log: Log) -> None:
    """A killed deployer's release has failed: its branch goes back, its image away. One that is live was interrupted
    later, and nobody was told of it."""
    record_untold(installation, app.name, INTERRUPTED)
    repository = Repository(installation.home.repository(app.name))
    number_forgotten(installation, app, repository)
    unfinished = [one for one in installation.records.releases(app.name) if one.state in UNFINISHED]
    if not unfinished:
        return
    for release in unfinished:
        # In the hook of a later push git refuses, and rightly so: that push has moved the branch on.
        if moved := move_back(installation, repository, app.name, release.branch, release.commit):
            log.step("branch", moved)
        record(installation, app.name, kind_of(release), release.pushed_by, "", FAILED, release, INTERRUPTED)
    installation.records.fail_unfinished(app.name, INTERRUPTED)
    prune_quietly(installation, app, log)


def put_right(home: Home, name: str, log: Log) -> None:
    """After a deployer was killed: one app as `podshift up` would leave it, and what serves."""
    with Installation(home) as installation:
        app = installation.app(name)
        ensure_proxy(installation, log)
        with queued(installation, app, log, what="repair", who=""):
            reconcile(installation, app, log)
        live = installation.records.live_release(name)
        log.line(f"{name}: {live.name} ({live.commit[:7]}) serves" if live else f"{name}: nothing was serving before")


def bring_up(installation: Installation, names: list[str] | None, log: Log) -> None:
    """`podshift up`: the proxy and its HTTPS edge, then every app (or those named).

    An app that is being deployed is waited for. Raises PodshiftError after all were tried, when one could not be
    brought up.
    """
    ensure_proxy(installation, log)
    failed = []
    try:
        ensure_edge(installation, partial(log.step, "edge"))
    except PodshiftError as error:
        log.error(error)
        failed.append("the HTTPS edge")
    for app in [installation.app(name) for name in names] if names else installation.records.apps():
        try:
            with queued(installation, app, log, what="up", who=""):
                limit_input(Repository(installation.home.repository(app.name)), installation.settings.max_push_mb)
                reconcile(installation, app, log)
        except PodshiftError as error:
            log.error(error)
            failed.append(app.name)
        else:
            log.step("up", f"{app.name}: {_standing(installation, app)}")
    installation.engine.keep_isolated()
    if failed:
        raise PodshiftError(f"could not bring up {', '.join(failed)}", hint="podshift doctor")


def _standing(installation: Installation, app: App) -> str:
    live = installation.records.live_release(app.name)
    if live is None:
        return "nothing to run yet"
    return f"{live.name} is {'stopped' if Blueprint(installation, app, live).stopped else 'live'}"


def _bring_up(
    installation: Installation, app: App, recorded: Sequence[Placed], actual: Sequence[Container], log: Log
) -> list[Placed]:
    """Start what is stopped, run anew what is gone; those that were."""
    present = {container.name: container for container in actual}
    live = installation.records.live_release(app.name)
    started = [place for place in recorded if place.name not in present or not present[place.name].running]
    if live and any(place.name not in present for place in started):
        ensure_image(installation, app, live, log)
    for place in started:
        container = present.get(place.name)
        if container is None and live:
            log.step("start", f"{place.name} anew")
            blueprint = Blueprint(installation, app, live)
            process = blueprint.manifest.processes[place.process]
            prepare_volumes(blueprint)
            with hinted(installation.engine, app.name):
                installation.engine.run(blueprint.arguments(process, place), blueprint.variables)
        else:
            log.step("start", place.name)
            installation.engine.start([place.name])
    return started


def _connect(installation: Installation, app: App, recorded: Sequence[Placed], started: Sequence[Placed]) -> None:
    """The proxy sends requests to the recorded containers, and to no others."""
    proxy, backend = installation.upstreams(app), backend_name(app)
    web = [place for place in recorded if place.is_web]
    names = [place.name for place in web]
    known = proxy.look(backend).servers
    missing = [place for place in web if place.name not in known or (app.by_alias and place in started)]
    for place in missing:
        proxy.add(backend, place)
    proxy.doubt(backend, [place.name for place in started if place.is_web])  # what was seen of it was before its stop
    try:
        if awaited := [place for place in web if place in missing or place in started]:
            live = installation.records.release(app.name, installation.app(app.name).live or 0)
            ready = Blueprint(installation, app, live).manifest.web.ready
            await_ready(installation.engine, proxy, app.name, backend, [(place, ready) for place in awaited])
    finally:
        end_canary(proxy, backend)
        proxy.switch(backend, names, [name for name in known if name not in names])
        synchronise_maps(installation)


def _remove(installation: Installation, app: App, names: Sequence[str], log: Log) -> None:
    """Containers that no record knows: drained, stopped, gone; and upstreams without a container."""
    proxy, backend = installation.upstreams(app), backend_name(app)
    recorded = {place.name for place in installation.records.containers().get(app.name, [])}
    strangers = [name for name in proxy.look(backend).servers if name not in recorded]
    drain(proxy, backend, strangers, 30.0)
    if names:
        log.step("remove", ", ".join(names))
        installation.engine.remove(names, 10.0)
    for name in strangers:
        proxy.forget(backend, name)
