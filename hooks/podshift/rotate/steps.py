"""The steps of a rotation, as values: a plan is a list of them."""

from dataclasses import dataclass

from podshift.model import Process
from podshift.records import Placed


@dataclass(frozen=True, slots=True)
class New:
    """A container to be started: where, as what, and with which `run` arguments."""

    place: Placed
    process: Process
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.place.name


@dataclass(frozen=True, slots=True)
class Start:
    """Run new containers; the web ones are added to the proxy, which checks them and sends them nothing."""

    new: tuple[New, ...]


@dataclass(frozen=True, slots=True)
class AwaitReady:
    """Wait until all of them are ready, or fail."""

    new: tuple[New, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """One command to the proxy: requests go to `on`; `off` finish what they have."""

    on: tuple[str, ...]
    off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Canary:
    """For so many seconds `new` get this share of the requests, and are watched; `old` serve the rest."""

    new: tuple[str, ...]
    old: tuple[str, ...]
    percent: int
    seconds: float
    max_errors: float


@dataclass(frozen=True, slots=True)
class Drain:
    """Wait until nothing is in flight at these, at most so many seconds."""

    names: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop old containers and keep them, so that they can be started again."""

    names: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Commit:
    """The records and the proxy's file say that `new` is what runs: from here on it is live."""

    new: tuple[New, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Look at the new upstreams for so many seconds, while the old ones still could take over again."""

    new: tuple[str, ...]
    old: tuple[str, ...]
    seconds: float
    max_errors: float


@dataclass(frozen=True, slots=True)
class Remove:
    """SIGTERM, SIGKILL after so many seconds, and gone."""

    names: tuple[str, ...]
    seconds: float


Step = Start | AwaitReady | Canary | Switch | Drain | Stop | Commit | Watch | Remove
