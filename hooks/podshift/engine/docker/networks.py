"""Docker's networks: addresses can be given on those only whose subnet was given too."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from podshift.engine.command import EngineError
from podshift.engine.docker.subnets import DEFAULT_POOLS, free_subnets, routed
from podshift.engine.networks import Networks
from podshift.errors import PodshiftError

TAKEN = re.compile(r"[Pp]ool overlaps")
ROUTES = Path("/proc/net/route")


class DockerNetworks(Networks):
    """Docker's own ways with networks."""

    def keep_isolated(self) -> None:
        """Each of docker's networks has rules of its own."""

    end_isolation = keep_isolated

    def create_network(
        self, name: str, labels: Mapping[str, str], *, subnet: str | None = None, isolated: bool = False
    ) -> str:
        if subnet:
            self._create(name, labels, IPv4Network(subnet))
            return subnet
        for candidate in free_subnets(self._pools(), [*self._subnets(), *routed(ROUTES.read_text())]):
            try:
                self._create(name, labels, candidate)
            except EngineError as error:
                if not TAKEN.search(error.output):
                    raise
            else:
                return str(candidate)
        raise PodshiftError(
            "no subnet is left for another network of docker's",
            hint="docker network prune, or a further one of default-address-pools in /etc/docker/daemon.json",
        )

    def _create(self, name: str, labels: Mapping[str, str], subnet: IPv4Network) -> None:
        """The engine gives addresses from the lower half; the upper one is podshift's to give."""
        lower = next(subnet.subnets(prefixlen_diff=1))
        addresses = [f"--subnet={subnet}", f"--ip-range={lower}", f"--gateway={subnet[1]}"]
        self.call("network", "create", *(f"--label={key}={value}" for key, value in labels.items()), *addresses, name)

    def _pools(self) -> list[IPv4Network]:
        """Where docker itself takes subnets from, as its administrator said or by itself."""
        said = [
            IPv4Network(pool["Base"]) for pool in self.info().get("DefaultAddressPools") or () if "." in pool["Base"]
        ]
        return said or list(DEFAULT_POOLS)

    def _subnets(self) -> Iterator[IPv4Network]:
        for name in self.call("network", "ls", "--quiet", "--no-trunc").split():
            with suppress(EngineError):  # gone meanwhile
                (facts,) = json.loads(self.call("network", "inspect", name))
                for one in facts["IPAM"]["Config"] or ():
                    if "." in one.get("Subnet", ""):
                        yield IPv4Network(one["Subnet"])

    def network_label(self, name: str, key: str) -> str | None:
        if not self.exists("network", name):
            return None
        (facts,) = json.loads(self.call("network", "inspect", name))
        return str((facts["Labels"] or {}).get(key, ""))

    def place(self, address: str, mac_address: str) -> list[str]:
        """Without the hardware address, which docker makes from the other."""
        return [f"--ip={address}"]
