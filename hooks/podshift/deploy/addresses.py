"""Addresses on an app's network: the containers' and the proxy's own."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Protocol

from podshift.records import App

# The upper half of an app's subnet is podshift's to give; the engine gives addresses from the lower end.
FIRST_HOST, LAST_HOST = 128, 250
# In a rotation the new ones are beside the old.
MOST_CONTAINERS = (LAST_HOST - FIRST_HOST) // 2
PROXY_HOST = 251


class Present(Protocol):
    """A container that has its name and address: from the records, or as the engine lists it."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...


def free_addresses(app: App, containers: Sequence[Present]) -> Iterator[str]:
    used = {container.address for container in containers}
    hosts = ipaddress.ip_network(app.subnet)
    candidates = (str(hosts[number]) for number in range(FIRST_HOST, LAST_HOST))
    return (address for address in candidates if address not in used)


def proxy_address(subnet: str) -> str:
    """Where the proxy is on an app's network: always there, so that containers may know it for all their life."""
    return str(ipaddress.ip_network(subnet)[PROXY_HOST])


def gateway_address(subnet: str) -> str:
    """The engine's own, on the server's side of the network."""
    return str(ipaddress.ip_network(subnet)[1])


def mac_address(address: str) -> str:
    """One hardware address for each IPv4 address, locally administered.

    The next container on an address may come seconds after the last; were its hardware address another, its
    neighbours' kernels would go on sending to the old one until their table forgets (measured: 50 s).
    """
    return ":".join(("02", "70", *(f"{byte:02x}" for byte in ipaddress.ip_address(address).packed)))
