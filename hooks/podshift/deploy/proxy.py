"""The proxy's container: there, running, attached to every app's network, and equal to the records."""

import re
import time

from podshift.deploy.installation import Installation
from podshift.deploy.networks import ensure_networks, open_networks, proxy_place, renew_unused
from podshift.engine import EngineError
from podshift.errors import PodshiftError
from podshift.lock import exclusive
from podshift.proxy import INSIDE, copy_static_files, maps
from podshift.records import App
from podshift.report import Log
from podshift.settings import make_private

START_SECONDS = 20.0
# podman's words, and Docker's own proxy for ports.
TAKEN = re.compile(r"address already in use|port is already allocated")
POLL_SECONDS = 0.02
# Maps that no record has the whole of: what is in them for containers that start, are tried or drained is in use.
UNDER_WAY = ("ready", "canary")


def ensure_proxy(installation: Installation, log: Log) -> None:
    """Return with a proxy that answers, started from files that say what the records say."""
    if not installation.settings.has_proxy or installation.proxy.reachable():
        return
    with exclusive(installation.home.proxy_start_lock):
        if not installation.proxy.reachable():  # else another deploy has just started it
            log.step("proxy", "it does not answer; starting it")
            _start(installation)


def start_proxy(installation: Installation) -> None:
    """Make the proxy's container anew. Raises PodshiftError with its last log lines if it does not come up."""
    with exclusive(installation.home.proxy_start_lock):
        _start(installation)


def _start(installation: Installation) -> None:
    engine, name = installation.engine, installation.home.proxy_name
    prepare_folders(installation)
    ensure_networks(installation)
    stale = open_networks(installation)
    first_served = engine.first_served  # asked while the old one still answers
    engine.remove([name])
    renew_unused(installation, stale)
    installation.write_proxy_files()
    try:
        engine.run([*first_served, *proxy_arguments(installation)])
    except EngineError as error:
        raise _not_started(installation, error) from None
    deadline = time.monotonic() + START_SECONDS
    while not installation.proxy.reachable():
        if time.monotonic() > deadline:
            raise PodshiftError(
                "the proxy does not come up", hint="podshift doctor", details=tuple(engine.logs(name, 25))
            )
        time.sleep(POLL_SECONDS)
    engine.keep_isolated()


def _not_started(installation: Installation, error: EngineError) -> PodshiftError:
    """Whatever else it is, the engine's own words are shown."""
    if not TAKEN.search(error.output):
        return error
    listen = installation.settings.listen
    return PodshiftError(
        f"the proxy cannot listen on {listen}: somebody else does",
        hint="ss -ltnp says who; or podshift init --listen 127.0.0.1:8081, or another address",
        details=error.details,
    )


def outdated(installation: Installation) -> bool:
    """Was the running proxy started by an older podshift, or from an own template that lacks something?"""
    return not wanted_maps(installation).keys() <= installation.proxy.maps() or not installation.proxy.serves_edge()


def published(installation: Installation) -> str | None:
    """Where the proxy's container was started to listen; None: an older podshift did not write it down."""
    found = installation.engine.containers(home=installation.label, role="proxy")
    return next((one.labels.get("podshift.listen") for one in found), None)


def wanted_maps(installation: Installation) -> dict[str, dict[str, str]]:
    apps = [app for app in installation.records.apps() if not app.by_alias]
    return maps(apps, installation.records.containers(), installation.https_port)


def prepare_folders(installation: Installation) -> None:
    home = installation.home
    make_private(home.proxy_folder)
    make_private(home.socket_folder)
    make_private(home.edge_socket_folder)
    copy_static_files(home)


def proxy_arguments(installation: Installation) -> list[str]:
    """Its own network for the published port, and the network of every app."""
    home, settings = installation.home, installation.settings
    places = [
        (installation.network(app.name), proxy_place(app.subnet))
        for app in installation.records.apps()
        if not app.by_alias
    ]
    return [
        "--detach",
        "--restart=always",
        "--init",  # as process 1, HAProxy would not even get a SIGTERM
        f"--name={home.proxy_name}",
        f"--label=podshift.home={installation.label}",
        "--label=podshift.role=proxy",
        f"--label=podshift.listen={settings.listen}",
        f"--network={home.proxy_network}",
        *(f"--network={network}:ip={place['address']},mac={place['mac_address']}" for network, place in places),
        "--sysctl=net.ipv4.ip_forward=0",  # it is on every app's network, and must be no way from one to another
        "--cap-drop=all",
        "--cap-add=net_bind_service",
        f"--publish={settings.listen}:8080",
        f"--volume={home.proxy_folder}:{INSIDE}:ro",
        f"--volume={home.socket_folder}:/run/podshift",
        f"--user={installation.engine.own_user}",
        "--security-opt=no-new-privileges",
        "--log-opt=max-size=10mb",
        "--entrypoint=haproxy",
        settings.proxy_image,
        "-f",
        f"{INSIDE}/haproxy.cfg",
    ]


def attach(installation: Installation, app: str, subnet: str) -> None:
    """Connect the proxy to an app's network, at its place there; it may be on it already."""
    installation.engine.connect(installation.network(app), installation.home.proxy_name, **proxy_place(subnet))
    installation.engine.keep_isolated()


def detach(installation: Installation, app: str) -> None:
    """Take the proxy off the network of an app that has left the records.

    Podman 4.3, rootless, takes down all of a user's networks when it disconnects their only running container: it
    takes that one for leaving. The next requests would go out of the machine. So a proxy that is alone starts anew.
    """
    engine, name = installation.engine, installation.home.proxy_name
    own = {name, installation.home.edge_name}  # rootless, the edge is on none of these networks
    others = [one for one in engine.containers(home=installation.label) if one.running and one.name not in own]
    if others or not installation.settings.rootless:
        engine.disconnect_quietly(installation.network(app), name)
    elif engine.exists("container", name):
        start_proxy(installation)


def renew_network(installation: Installation, app: App) -> None:
    """Make the network of an app anew that an older podshift has made, and on which nothing runs now."""
    if app in open_networks(installation) and not app.by_alias:
        detach(installation, app.name)
        if app in open_networks(installation):  # else the proxy had to start anew, and has done it
            renew_unused(installation, [app])
            attach(installation, app.name, installation.app(app.name).subnet)


def synchronise_maps(installation: Installation) -> None:
    """Make the running proxy's maps equal to the records. Whoever comes later has read later."""
    if not installation.settings.has_proxy:
        return
    with exclusive(installation.home.proxy_lock):
        for name, entries in wanted_maps(installation).items():
            if name not in UNDER_WAY:
                installation.proxy.replace(name, entries)


def forget_app(installation: Installation, backend: str) -> None:
    """Take every upstream of a backend away."""
    for name in installation.proxy.look(backend).servers:
        deadline = time.monotonic() + 3
        while not installation.proxy.forget(backend, name) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
