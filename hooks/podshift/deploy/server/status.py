"""What the records say should run, beside what the engine and the proxy say does."""

from dataclasses import dataclass

from podshift.deploy.containers import Blueprint
from podshift.deploy.installation import Installation
from podshift.deploy.queue import described
from podshift.engine import Container
from podshift.errors import PodshiftError
from podshift.lock import AppLock
from podshift.proxy import ServerState, backend_name
from podshift.records import App, Release

MISSING = "missing"
# The words of HAProxy's `show stat` begin with one of these; after them come counts of checks, or whose doing it was.
UPSTREAM = ("up", "down", "drain", "maint")


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """A container, the engine's word for its state, and the proxy's for its upstream (None: no upstream).

    One that should run by the records and is not there is `missing`.
    """

    container: str
    state: str
    upstream: str | None


@dataclass(frozen=True, slots=True)
class AppStatus:
    """An app as it stands. `deploying` says what is under way, and by whom; `stopped` that it shall stay so.

    `proxy_answers`: whether podshift's proxy does; None where the app is found by its network alias.
    """

    app: App
    live: Release | None
    urls: tuple[str, ...]
    deploying: str | None
    stopped: bool
    processes: dict[str, list[ContainerStatus]]
    proxy_answers: bool | None


def statuses(installation: Installation, names: list[str] | None = None) -> list[AppStatus]:
    """Every app's status, or those of `names`: one question to the engine, one to the proxy."""
    apps = [installation.app(name) for name in names] if names is not None else installation.records.apps()
    containers = installation.engine.containers(home=installation.label)
    try:
        servers = installation.proxy.servers() if any(not app.by_alias for app in apps) else {}
        answers = True
    except PodshiftError:
        servers, answers = {}, False
    return [_status(installation, app, containers, servers.get(backend_name(app), {}), answers) for app in apps]


def _status(
    installation: Installation, app: App, containers: list[Container], servers: dict[str, ServerState], answers: bool
) -> AppStatus:  # fmt: skip
    present = [one for one in containers if one.app == app.name]
    found = [(one.process, ContainerStatus(one.name, one.state, upstream(servers.get(one.name)))) for one in present]
    names = {one.name for one in present}
    recorded = installation.records.containers().get(app.name, [])
    found += [(one.process, ContainerStatus(one.name, MISSING, None)) for one in recorded if one.name not in names]
    processes: dict[str, list[ContainerStatus]] = {}
    for process, one in sorted(found, key=lambda pair: pair[1].container):
        processes.setdefault(process, []).append(one)
    holder = AppLock(installation.home.lock(app.name)).holder()
    deploying = described(holder) if holder and holder.pid else None
    live = installation.records.live_release(app.name)
    stopped = live is not None and Blueprint(installation, app, live).stopped
    proxy_answers = None if app.by_alias else answers
    return AppStatus(app, live, urls(installation, app), deploying, stopped, processes, proxy_answers)


def upstream(server: ServerState | None) -> str | None:
    """`up`, `down`, `drain` or `maint`, of what HAProxy calls `DRAIN 0/3` or `MAINT (resolution)`."""
    word = server.status.lower() if server else None
    return next((one for one in UPSTREAM if word and word.startswith(one)), word)


def urls(installation: Installation, app: App) -> tuple[str, ...]:
    """Where the app answers; a port that is the scheme's own is left out. *.localhost has no public certificate."""
    if app.by_alias:
        live = installation.records.live_release(app.name)
        port = Blueprint(installation, app, live).port if live else 8080
        return (f"http://{app.name}:{port}/",)
    names = app.domains or (f"{app.name}.localhost",)
    edge = installation.settings.edge
    http = _suffix((edge.http if edge else installation.settings.listen).rpartition(":")[2], "80")
    https = _suffix(str(edge.https_port), "443") if edge else ""
    return tuple(
        f"https://{name}{https}/" if edge and (edge.internal or app.domains) else f"http://{name}{http}/"
        for name in names
    )


def _suffix(port: str, own: str) -> str:
    return "" if port == own else f":{port}"
