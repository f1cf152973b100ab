"""The networks: one for each app and one for the proxy, made again where they are gone."""

import ipaddress

from podshift.deploy.installation import Installation
from podshift.engine import EngineError
from podshift.records import App


def ensure_networks(installation: Installation) -> None:
    """Every network that the records know is there; on a new machine none is. Raises PodshiftError."""
    present = installation.engine.networks(home=installation.label)
    if installation.home.proxy_name not in present:
        installation.engine.create_network(installation.home.proxy_name, {"podshift.home": installation.label})
    for app in installation.records.apps():
        if installation.network(app.name) not in present:
            _create(installation, app)


def _create(installation: Installation, app: App) -> None:
    """With its old addresses where this machine has no other use for them."""
    name = installation.network(app.name)
    labels = {"podshift.home": installation.label, "podshift.app": app.name}
    try:
        installation.engine.create_network(name, labels, subnet=app.subnet)
    except EngineError:
        subnet = installation.engine.create_network(name, labels)
        with installation.records.transaction():
            installation.records.move_app(app, subnet, lambda address: moved(address, subnet))


def moved(address: str, subnet: str) -> str:
    """The same host on another network, both of the size that the engine gives by itself."""
    network = ipaddress.ip_network(subnet)
    return str(network[int(ipaddress.ip_address(address)) & int(network.hostmask)])
