"""Apps cannot reach each other: not by how their networks were made, and not when it is tried."""

import sys
from collections.abc import Iterator

from podshift.deploy.checks.finding import Finding, error, fine, warning
from podshift.deploy.installation import Installation
from podshift.deploy.networks import open_networks
from podshift.engine import Container
from podshift.errors import PodshiftError


def check_isolation(installation: Installation) -> Iterator[Finding]:
    """A network may be of an older podshift; and whoever loads a firewall anew may empty the engine's rules."""
    stale = [app.name for app in open_networks(installation)]
    for name in stale:
        found = f"the network of {name} is an older podshift's: other apps reach it by address"
        yield warning("isolation", found, f"podshift stop {name}; podshift start {name}")
    neighbours = [one for one in _one_of_each(installation) if one.app not in stale]
    reached = _reached(installation, neighbours)
    if reached:
        found = f"from {neighbours[0].app} the firewall lets through to {', '.join(one.app for one in reached)}"
        yield error("isolation", found, _fix(installation))
    elif not stale:
        yield fine("isolation", "apps cannot reach each other")


def _one_of_each(installation: Installation) -> list[Container]:
    """A container of each app that runs."""
    containers = installation.engine.containers(home=installation.label)
    return list({one.app: one for one in containers if one.app and one.address and one.running}.values())


def _reached(installation: Installation, neighbours: list[Container]) -> list[Container]:
    """Those that the first of them reaches by their addresses. Raises PodshiftError where it cannot be asked."""
    if len(neighbours) < 2:
        return []
    first, *others = neighbours
    command = [sys.executable, "-I", "-m", "podshift.asking.reach", *(one.address for one in others)]
    probe = installation.engine.start_inside(first.name, first.pid, command)
    said, _ = probe.communicate()
    if probe.returncode:
        raise PodshiftError(f"it could not be tried from {first.name}", hint=f"podshift status {first.app}")
    return [one for one in others if one.address in said.decode().split()]


def _fix(installation: Installation) -> str:
    """What makes the engine write its rules again. The proxy is on all networks: with its they all come back."""
    if installation.settings.engine == "docker":
        return "as root: systemctl restart docker"
    return f"podman network reload {installation.home.proxy_name}; podshift up"
