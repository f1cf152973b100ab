"""The firewall of this machine, where root's podman and Docker have their rules."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import permutations

from server.inside import address
from server.installation import App


def firewall(verb: str, rule: Sequence[str]) -> None:
    subprocess.run(["iptables", "--wait", "5", verb, *rule], check=True)


@contextmanager
def opened_between(*apps: App) -> Iterator[None]:
    """As long as it lasts, a rule of the operator's own lets these apps' containers reach each other.

    It is in netavark's chain: in FORWARD its jump to that chain would come first again with the next container.
    """
    chain = "NETAVARK_ISOLATION_1"
    ways = permutations([address(app) for app in apps], 2)
    rules = [(chain, "--source", one, "--destination", other, "--jump", "ACCEPT") for one, other in ways]
    for rule in rules:
        firewall("--insert", rule)
    try:
        yield
    finally:
        for rule in rules:
            firewall("--delete", rule)
