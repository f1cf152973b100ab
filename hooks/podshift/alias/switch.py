"""The rotation's upstreams where there is no proxy of ours: who has joined the app's network has the alias."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from podshift.asking.asking import Asking
from podshift.engine import Container, Engine
from podshift.errors import PodshiftError
from podshift.proxy import BackendCounts, ServerState
from podshift.records import Placed

POLL_SECONDS = 0.05
# A name server that was told of a container just now answers within this time, or never.
NAMED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Front:
    """Where the alias is: the app's network and its name server; `home` is the installation's label.

    `settle` in seconds; `mac_address` gives an address's hardware address.
    """

    home: str
    alias: str
    network: str
    nameserver: str
    settle: float
    mac_address: Callable[[str], str]


class AliasSwitch:
    """The proxy's verbs, of one app. `look` finds no counts: nobody here sees the requests.

    `settle` are the seconds between the alias leading to the new containers and the stop of the old ones, in which
    the proxies that use it are to look it up again.
    """

    def __init__(self, engine: Engine, front: Front) -> None:
        self.engine = engine
        self.front = front
        self.asking: dict[str, Asking] = {}
        self.places: dict[str, Placed] = {}

    def add(self, _backend: str, upstream: Placed) -> None:
        """Begin to ask a container that runs already; it does not have the alias yet."""
        self.engine.keep_isolated()
        pids = {one.name: one.pid for one in self._containers()}
        self.places[upstream.name] = upstream
        if pid := pids.get(upstream.name):
            self.asking[upstream.name] = Asking(
                self.engine, pid, upstream, host=f"{self.front.alias}.localhost", alias=self.front.alias,
                nameserver=self.front.nameserver,
            )  # fmt: skip

    def look(self, _backend: str) -> BackendCounts:
        """Every running web container: what the last question to it said, or that nobody asks it."""
        names = {one.name for one in self._containers() if one.running}
        return BackendCounts(0, 0, {name: self._state(name) for name in sorted(names | set(self.asking))})

    def _containers(self) -> list[Container]:
        return self.engine.containers(app=self.front.alias, home=self.front.home, process="web")

    def _state(self, name: str) -> ServerState:
        asking = self.asking.get(name)
        if asking is None:
            return ServerState("UP", "", None, 0, 0, 0)
        check, code, failures = asking.look()
        return ServerState("DOWN" if failures > 2 else "UP", check, code, 0, 0, 0)

    def switch(self, _backend: str, on: list[str], off: list[str]) -> None:
        """Give the alias to `on`. It is taken away again only from what joined just now: the old ones, which may
        still have requests in flight, lose it when they stop.

        Raises PodshiftError when the alias does not lead to a new container.
        """
        for name in off:
            if name in self.places:
                self.engine.disconnect_quietly(self.front.network, name)
        joined = [self.places[name] for name in on if name in self.places and self._join(self.places[name])]
        for place in joined:
            self._await_name(place)
        if joined:
            time.sleep(self.front.settle)

    def _join(self, place: Placed) -> bool:
        """False where it has the alias already."""
        return self.engine.connect(
            self.front.network, place.name, alias=self.front.alias, address=place.address,
            mac_address=self.front.mac_address(place.address),
        )  # fmt: skip

    def _await_name(self, place: Placed) -> None:
        deadline = time.monotonic() + NAMED_SECONDS
        while place.name in self.asking and place.address not in self.asking[place.name].named():
            if time.monotonic() > deadline:
                raise PodshiftError(
                    f"the name {self.front.alias} does not lead to {place.name} on {self.front.network}",
                    hint="podshift doctor",
                )
            time.sleep(POLL_SECONDS)

    def doubt(self, _backend: str, containers: list[str]) -> None:
        """Whoever uses the alias finds out by itself."""

    def cut(self, _backend: str, container: str) -> None:
        """The container's end cuts what it has in flight."""

    def forget(self, _backend: str, container: str) -> bool:
        if asking := self.asking.pop(container, None):
            asking.end()
        self.places.pop(container, None)
        return True

    def held(self, _backend: str) -> int:
        return 0

    def hold(self, _backend: str, seconds: int) -> None:
        """Nobody here can let a request wait."""
