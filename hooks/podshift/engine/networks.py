"""Networks, and who is on them."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress

from podshift.engine.caller import Caller, label_filters
from podshift.engine.command import EngineError
from podshift.engine.firewall import keep_rules, remove_rules

CREATING_TRIES = 5


class Networks(Caller):
    """The engine's verbs for networks."""

    def create_network(
        self, name: str, labels: Mapping[str, str], *, subnet: str | None = None, isolated: bool = False
    ) -> str:
        """Create a network, with this IPv4 subnet or one of the engine's choice, and give the subnet back.

        From an `isolated` one no address of another isolated one can be reached. Docker's networks always are; podman
        routes between its own unless it is told not to.
        """
        options = [f"--label={key}={value}" for key, value in labels.items()]
        options += [f"--subnet={subnet}"] if subnet else []
        options += ["--opt=isolate=true"] if isolated else []
        self._create_network(*options, name)
        (facts,) = json.loads(self.call("network", "inspect", name))
        return str(facts["subnets"][0]["subnet"])

    def _create_network(self, *arguments: str) -> None:
        """podman gives up when one of the interfaces that it looks at, to find a free subnet, goes just then."""
        for _ in range(CREATING_TRIES - 1):
            try:
                self.call("network", "create", *arguments)
            except EngineError as error:
                if "no such network interface" not in error.output:
                    raise
            else:
                return
        self.call("network", "create", *arguments)

    def network_label(self, name: str, key: str) -> str | None:
        """A label of a network; None when there is no such network. Raises EngineError where the engine cannot tell."""
        try:
            (facts,) = json.loads(self.call("network", "inspect", name))
        except EngineError as error:
            if "not found" not in error.output and "no such network" not in error.output:
                raise
            return None
        return str((facts.get("labels") or {}).get(key, ""))

    def networks(self, **labels: str) -> list[str]:
        filters = label_filters(labels)
        return self.call("network", "ls", "--format={{.Name}}", *filters).split()

    def clear_network(self, name: str) -> None:
        """Take every container off a network, whoever put it there: an operator's own proxy, say."""
        for container in self.call("ps", "--all", f"--filter=network={name}", "--format={{.Names}}").split():
            self.disconnect_quietly(name, container)

    def remove_network(self, name: str) -> None:
        self.call("network", "rm", name)

    def keep_isolated(self) -> None:
        """Isolated networks stay cut off from each other when one of them is taken down; to be said before that."""
        keep_rules(self._networks_entered())

    def end_isolation(self) -> None:
        """No isolated network is left."""
        remove_rules(self._networks_entered())

    def _networks_entered(self) -> list[str]:
        """What a command about the machine's network begins with: a rootless engine has one of its own."""
        return [] if os.geteuid() == 0 else [self.program, *self.options, "unshare", "--rootless-netns"]

    def outward_network(self, bridge: str, *, rootless: bool) -> str:
        """The network of a container that sees who connects to its published ports, and that no container has to reach.

        Rootless podman's port forwarder for a bridge hides the client's address; slirp4netns and pasta pass it on.
        """
        if not rootless:
            return bridge
        return "slirp4netns:port_handler=slirp4netns" if shutil.which("slirp4netns") else "pasta"

    def connect(self, network: str, container: str, *, address: str, mac_address: str, alias: str = "") -> bool:
        """Put a running container on a further network, at this IPv4 address; False where it is on it already."""
        options = [*self.place(address, mac_address), *([f"--alias={alias}"] if alias else [])]
        try:
            self.call("network", "connect", *options, network, container)
        except EngineError as error:
            if "already" in error.output:
                return False
            raise
        return True

    def place(self, address: str, mac_address: str) -> list[str]:
        """Options of `network connect` for an IPv4 and a hardware address."""
        return [f"--ip={address}", f"--mac-address={mac_address}"]

    def disconnect_quietly(self, network: str, container: str) -> None:
        """Take a container off a network; it may be off it, or gone, already."""
        with suppress(EngineError):
            self.call("network", "disconnect", "--force", network, container)
