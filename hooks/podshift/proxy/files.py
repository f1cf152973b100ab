"""The proxy's files: rendered from records, never edited, never reloaded by a running proxy."""

import os
import shutil
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from podshift.errors import no_room
from podshift.records import App, Placed
from podshift.render import render_template
from podshift.settings import Home, shipped

# Where the proxy's container sees the folder that write_files() fills.
INSIDE = "/etc/podshift"
STATIC_FILES = ("hold.lua", "hosts.lua", "404.txt", "503.http")

# How every upstream is checked and kept connected. `pool-max-conn` keeps the connections to the app open (without it
# HAProxy 2.6 resets them after every request). An app closes them itself after a while (gunicorn after 2 s, Node and
# uvicorn after 5), and a POST that is on its way just then is lost: so the proxy has to be first. It takes half of the
# idle ones away at a time; with a purge delay of 1 s one of many went on for 3 to 8 s, with 100 ms for 0.3 to 1.6.
# One that is not up is asked every 50 ms, and a healthy one every 2 s. HAProxy asks a new one for the first time after
# these 50 ms, for which every push has to wait.
SERVER_OPTIONS = "check inter 2s fastinter 50ms downinter 50ms rise 1 fall 3 pool-max-conn 100 pool-purge-delay 100ms"


class BackendView(NamedTuple):
    """One ready-made backend of the configuration file, and its upstreams."""

    name: str
    upstreams: Sequence[Placed] = ()


def backend_name(app: App) -> str:
    return f"b{app.backend}"


def host_map(apps: Sequence[App]) -> dict[str, str]:
    """Host → backend. `*` is every other host: it goes to the oldest app that has no domain of its own.

    Every app also answers to APP.localhost, which browsers and curl take for this machine (RFC 6761).
    """
    hosts = {own_host(app.name): backend_name(app) for app in apps}
    hosts |= {domain: backend_name(app) for app in apps for domain in app.domains if not is_wildcard(domain)}
    fallback = next((app for app in apps if not app.domains), None)
    return hosts | ({"*": backend_name(fallback)} if fallback else {})


def wildcard_map(apps: Sequence[App]) -> dict[str, str]:
    """`*.example.com`, written backwards as `moc.elpmaxe.` → backend: the longest that a host begins with wins.

    HAProxy finds the longest beginning in a tree (`map_beg`), but ends only in the order of the file.
    """
    return {domain[:0:-1]: backend_name(app) for app in apps for domain in app.domains if is_wildcard(domain)}


def own_host(app: str) -> str:
    """What an app answers to whatever its domains are."""
    return f"{app}.localhost"


def is_wildcard(domain: str) -> bool:
    """`*.example.com` is every host below example.com, at any depth."""
    return domain.startswith("*.")


def checked_host(app: App) -> str:
    """The Host header of an app's readiness check: what a client of the app would send."""
    first = next(iter(app.domains), own_host(app.name))
    return f"{app.name}{first[1:]}" if is_wildcard(first) else first


def check_host_map(apps: Sequence[App]) -> dict[str, str]:
    """Backend → the Host header of its readiness check."""
    return {backend_name(app): checked_host(app) for app in apps}


def ready_map(placed: Mapping[str, Sequence[Placed]]) -> dict[str, str]:
    """Container → the path of its readiness check."""
    return {one.name: one.ready_path for containers in placed.values() for one in containers if one.is_web}


def hold_map(apps: Sequence[App], placed: Mapping[str, Sequence[Placed]]) -> dict[str, str]:
    """Backend → seconds that a request waits while none of its containers answers."""
    seconds = {app: max((one.hold for one in containers), default=0) for app, containers in placed.items()}
    return {backend_name(app): str(seconds[app.name]) for app in apps if app.name in seconds}


def maintenance_map(apps: Sequence[App]) -> dict[str, str]:
    """Backend → what the page says that stands before its app, percent-encoded: a map's value is one word."""
    return {backend_name(app): quote(app.maintenance, safe="") for app in apps if app.maintenance}


def network_map(apps: Sequence[App]) -> dict[str, str]:
    """Where a request comes from → the app that it comes from.

    The gateway's address is nobody's: with rootless podman the server's own clients come from there.
    """
    found = {}
    for app in apps:
        found[app.subnet] = app.name
        found[str(ip_network(app.subnet)[1])] = "-"
    return found


def link_map(apps: Sequence[App]) -> dict[str, str]:
    """`APP/OTHER` → the backend of an app that another was granted to reach by its plain name."""
    backends = {app.name: backend_name(app) for app in apps}
    return {f"{app.name}/{other}": backends[other] for app in apps for other in app.links}


def redirect_map(apps: Sequence[App], https_port: int | None) -> dict[str, str]:
    """Backend → the port that its app's http requests are sent to; nothing without an edge."""
    return {backend_name(app): str(https_port) for app in apps if app.redirect and https_port}


def hsts_map(apps: Sequence[App]) -> dict[str, str]:
    """Backend → for how many seconds browsers shall ask by https alone."""
    return {backend_name(app): str(app.hsts) for app in apps if app.hsts is not None}


def maps(
    apps: Sequence[App], placed: Mapping[str, Sequence[Placed]], https_port: int | None = None
) -> dict[str, dict[str, str]]:
    """Every map of the proxy, by its name; `placed` is what should run, by app, `https_port` the edge's, if any."""
    return {
        "hosts": host_map(apps),
        "wildcards": wildcard_map(apps),
        "networks": network_map(apps),
        "links": link_map(apps),
        "maintenance": maintenance_map(apps),
        "check-host": check_host_map(apps),
        "ready": ready_map(placed),
        "canary": {},  # no record of one: a proxy that starts anew knows of none
        "hold": hold_map(apps, placed),
        "redirect": redirect_map(apps, https_port),
        "hsts": hsts_map(apps),
    }


class PreparedFiles(NamedTuple):
    """Files written in full beside those that they will replace; install() only renames, so it needs no disk."""

    files: tuple[tuple[Path, Path], ...]

    def install(self) -> None:
        for prepared, final in self.files:
            prepared.replace(final)


def prepare_files(
    home: Home,
    *,
    backends: int,
    maxconn: int,
    apps: Sequence[App],
    placed: Mapping[str, Sequence[Placed]],
    https_port: int | None = None,
) -> PreparedFiles:
    """Write what a proxy that starts from now on must read. Not synced to disk: `podshift up` renders them anew."""
    by_number = {app.backend: placed.get(app.name, ()) for app in apps}
    views = [
        BackendView(f"b{number}", [one for one in by_number.get(number, ()) if one.is_web])
        for number in range(backends)
    ]
    texts = {"haproxy.cfg": render_template(
        "haproxy.cfg.j2", [home.templates], backends=views, maxconn=maxconn, threads=threads(),
        server_options=SERVER_OPTIONS,
    )}  # fmt: skip
    for name, entries in maps(apps, placed, https_port).items():
        texts[f"{name}.map"] = "".join(f"{key} {value}\n" for key, value in sorted(entries.items()))
    return PreparedFiles(tuple(_prepare(home.proxy_folder / name, text) for name, text in texts.items()))


def threads() -> int:
    """Half of this machine's processors: the apps and the clients' side of the kernel need the others.

    On 2 of them HAProxy answers a fifth more requests with one thread than with its own choice of two.
    """
    return max(1, len(os.sched_getaffinity(0)) // 2)


def copy_static_files(home: Home) -> None:
    """The script and the pages that come with podshift; an operator's own in their templates folder go first."""
    for name in STATIC_FILES:
        own = home.templates / name
        shutil.copyfile(own if own.is_file() else shipped("templates", name), home.proxy_folder / name)


def _prepare(path: Path, text: str) -> tuple[Path, Path]:
    """Raises PodshiftError where the disk is full: from here to the rename all can still be taken back."""
    prepared = path.with_name(f".{path.name}.new")
    try:
        prepared.write_text(text)
    except OSError as error:
        raise no_room(error) or error from None
    return prepared, path
