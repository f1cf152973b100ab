"""The networks: one for each app, cut off from the others, and one for the proxy; made again where they are gone."""

import ipaddress
from collections.abc import Sequence

from podshift.deploy.addresses import mac_address, proxy_address
from podshift.deploy.installation import Installation
from podshift.engine import EngineError
from podshift.errors import PodshiftError
from podshift.records import App

# What the network of an app says of itself. Those of an older podshift were not cut off from each other.
ISOLATED = {"podshift.isolated": "yes"}


def create_app_network(installation: Installation, app: str, subnet: str | None = None) -> str:
    """A network that leads to the proxy and out into the world, and to no other app. Gives its subnet back."""
    labels = {"podshift.home": installation.label, "podshift.app": app, **ISOLATED}
    return installation.engine.create_network(installation.network(app), labels, subnet=subnet, isolated=True)


def refuse_taken_network(installation: Installation, app: str, hint: str) -> None:
    """Raises PodshiftError where the app's network is another installation's: their engine has one for each name."""
    name = installation.network(app)
    owner = installation.engine.network_label(name, "podshift.home")
    if owner not in (None, installation.label):
        raise PodshiftError(f"this engine has a network {name} already, of {owner or 'somebody else'}", hint=hint)


def ensure_networks(installation: Installation) -> None:
    """Every network that the records know is there; on a new machine none is. Raises PodshiftError."""
    present = installation.engine.networks(home=installation.label)
    if installation.settings.has_proxy and installation.home.proxy_network not in present:
        installation.engine.create_network(installation.home.proxy_network, {"podshift.home": installation.label})
    for app in installation.records.apps():
        if installation.network(app.name) not in present:
            _create(installation, app)
        if app.by_alias and installation.start_network(app.name) not in present:
            create_start_network(installation, app.name)


def create_start_network(installation: Installation, app: str) -> None:
    """Where the web containers of an app that is found by its alias are until they are ready."""
    labels = {"podshift.home": installation.label, "podshift.app": app, **ISOLATED}
    installation.engine.create_network(installation.start_network(app), labels, isolated=True)


def open_networks(installation: Installation) -> list[App]:
    """The apps whose network is of an older podshift: by address, others reach what is on it."""
    isolated = installation.engine.networks(home=installation.label, isolated="yes")
    present = installation.engine.networks(home=installation.label)
    names = {name for name in present if name not in isolated}
    return [app for app in installation.records.apps() if installation.network(app.name) in names]


def renew_unused(installation: Installation, apps: Sequence[App]) -> None:
    """Make these apps' networks anew where no container of the app runs. The proxy must not be on them."""
    containers = [one for one in installation.engine.containers(home=installation.label) if one.app]
    busy = {one.app for one in containers if one.running}
    for app in apps:
        if app.name not in busy:
            installation.engine.remove([one.name for one in containers if one.app == app.name])
            installation.engine.remove_network(installation.network(app.name))
            _create(installation, app)


def proxy_place(subnet: str) -> dict[str, str]:
    """The proxy's address on an app's network, and its hardware address there."""
    address = proxy_address(subnet)
    return {"address": address, "mac_address": mac_address(address)}


def _create(installation: Installation, app: App) -> None:
    """With its old addresses where this machine has no other use for them."""
    refuse_taken_network(
        installation, app.name, f"installations on one engine share its names: take {app.name} away there"
    )
    try:
        create_app_network(installation, app.name, app.subnet)
    except EngineError:
        subnet = create_app_network(installation, app.name)
        with installation.records.transaction():
            installation.records.move_app(app, subnet, lambda address: moved(address, subnet))


def moved(address: str, subnet: str) -> str:
    """The same host on another network, both of the size that the engine gives by itself."""
    network = ipaddress.ip_network(subnet)
    return str(network[int(ipaddress.ip_address(address)) & int(network.hostmask)])
