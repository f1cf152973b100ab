"""Make what runs equal to what the records say should run: after a crash, a reboot, a restore."""

import shutil
from collections.abc import Sequence

from podshift.deploy.containers import Blueprint, lasting_containers
from podshift.deploy.installation import Installation
from podshift.deploy.proxy import ensure_proxy, synchronise_maps
from podshift.deploy.queue import queued
from podshift.engine import Container
from podshift.errors import PodshiftError
from podshift.proxy import backend_name
from podshift.readiness import await_ready
from podshift.records import App, Placed
from podshift.report import Log
from podshift.rotate import drain

INTERRUPTED = "the deploy was interrupted"


def reconcile(installation: Installation, app: App, log: Log) -> None:
    """Bring one app to what its records say. The caller holds the app's lock."""
    installation.records.fail_unfinished(app.name, INTERRUPTED)
    shutil.rmtree(installation.home.scratch(app.name), ignore_errors=True)
    recorded = installation.records.containers().get(app.name, [])
    actual = lasting_containers(installation, app)
    _bring_up(installation, app, recorded, actual, log)
    _connect(installation, app, recorded)
    _remove(
        installation,
        app,
        [one.name for one in actual if one.name not in {place.name for place in recorded}],
        log,
    )


def bring_up(installation: Installation, names: list[str] | None, log: Log) -> None:
    """`podshift up`: the proxy, then every app (or those named). An app that is being deployed is waited for.

    Raises PodshiftError after all were tried, when one could not be brought up.
    """
    ensure_proxy(installation, log)
    failed = []
    for app in [installation.app(name) for name in names] if names else installation.records.apps():
        try:
            with queued(installation, app, log, what="up", who=""):
                reconcile(installation, app, log)
        except PodshiftError as error:
            log.error(error)
            failed.append(app.name)
        else:
            live = installation.records.live_release(app.name)
            log.step("up", f"{app.name}: {live.name + ' is live' if live else 'nothing to run yet'}")
    if failed:
        raise PodshiftError(f"could not bring up {', '.join(failed)}", hint="podshift doctor")


def repair(installation: Installation, app: App, log: Log) -> None:
    """What every deploy begins with: nothing to do, unless an earlier one was cut off or the proxy is gone."""
    ensure_proxy(installation, log)
    unfinished = any(release.state in ("building", "starting") for release in installation.records.releases(app.name))
    recorded = {place.name for place in installation.records.containers().get(app.name, []) if place.is_web}
    servers = installation.proxy.look(backend_name(app)).servers
    serving = {name for name, server in servers.items() if not server.status.startswith(("DRAIN", "MAINT"))}
    if unfinished or serving != recorded or set(servers) != recorded:
        log.step("repair", "an earlier deploy was cut off; putting things right first")
        reconcile(installation, app, log)


def _bring_up(
    installation: Installation, app: App, recorded: Sequence[Placed], actual: Sequence[Container], log: Log
) -> None:
    """Start what is stopped, run anew what is gone."""
    present = {container.name: container for container in actual}
    live = installation.records.live_release(app.name)
    for place in recorded:
        container = present.get(place.name)
        if container is None and live:
            log.step("start", f"{place.name} anew")
            blueprint = Blueprint(installation, app, live)
            process = blueprint.manifest.processes[place.process]
            installation.engine.run(blueprint.arguments(process, place), blueprint.variables)
        elif container and not container.running:
            log.step("start", place.name)
            installation.engine.start([place.name])


def _connect(installation: Installation, app: App, recorded: Sequence[Placed]) -> None:
    """The proxy sends requests to the recorded containers, and to no others."""
    proxy, backend = installation.proxy, backend_name(app)
    web = [place for place in recorded if place.is_web]
    known = proxy.look(backend).servers
    missing = [place for place in web if place.name not in known]
    for place in missing:
        proxy.add(backend, place)
    if missing:
        live = installation.records.release(app.name, installation.app(app.name).live or 0)
        manifest = Blueprint(installation, app, live).manifest
        await_ready(installation.engine, proxy, app.name, backend, [(place, manifest.web.ready) for place in missing])
    names = [place.name for place in web]
    proxy.switch(backend, names, [name for name in known if name not in names])
    synchronise_maps(installation)


def _remove(installation: Installation, app: App, names: Sequence[str], log: Log) -> None:
    """Containers that no record knows: drained, stopped, gone; and upstreams without a container."""
    proxy, backend = installation.proxy, backend_name(app)
    recorded = {place.name for place in installation.records.containers().get(app.name, [])}
    strangers = [name for name in proxy.look(backend).servers if name not in recorded]
    drain(proxy, backend, strangers, 30.0)
    if names:
        log.step("remove", ", ".join(names))
        installation.engine.remove(names, 10.0)
    for name in strangers:
        proxy.forget(backend, name)
