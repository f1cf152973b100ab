"""What every change begins with: a look whether an earlier one was cut off."""

from contextlib import suppress

from podshift.deploy.installation import Installation
from podshift.deploy.proxy import ensure_proxy
from podshift.deploy.release.accepted import forgotten
from podshift.errors import Cancelled, PodshiftError
from podshift.model import State
from podshift.proxy import backend_name
from podshift.records import App
from podshift.report import Log

UNFINISHED = (State.BUILDING, State.STARTING)


def repair(installation: Installation, app: App, log: Log) -> None:
    """Nothing to do, unless an earlier change was cut off or the proxy is gone."""
    ensure_proxy(installation, log)
    unfinished = any(release.state in UNFINISHED for release in installation.records.releases(app.name))
    unfinished = unfinished or bool(forgotten(installation.home, app.name))
    unfinished = unfinished or installation.home.unsettled(app.name).exists()
    recorded = {place.name for place in installation.records.containers().get(app.name, []) if place.is_web}
    servers = installation.upstreams(app).look(backend_name(app)).servers
    serving = {name for name, server in servers.items() if not server.status.startswith(("DRAIN", "MAINT"))}
    if unfinished or serving != recorded or set(servers) != recorded:
        log.step("repair", "an earlier change did not come to its end; putting things right")
        from podshift.deploy.release.reconcile import reconcile  # hardly ever, and every push would wait for it

        try:
            reconcile(installation, app, log)
        except Cancelled:
            raise
        except PodshiftError as error:  # what is live may be what this deploy is to mend
            log.step("repair", f"not all of it: {error.message}")


def repair_unsettled(installation: Installation, app: App, log: Log) -> None:
    """After a change that failed and could not take all of it back, when its proxy had gone perhaps: try at once."""
    if installation.home.unsettled(app.name).exists():
        with suppress(PodshiftError):
            repair(installation, app, log)
