"""Arguments of `run`, written for podman, as Docker takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

# What podman takes in one word with a network, and Docker in options of their own.
NETWORK_OPTIONS = {"ip": "--ip", "alias": "--alias"}


@dataclass(frozen=True, slots=True)
class Network:
    """A network to be on, with `options` of `network connect`."""

    name: str
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, word: str) -> Self:
        """From podman's NAME[:ip=…,alias=…]."""
        name, _, rest = word.partition(":")
        pairs = (pair.split("=", 1) for pair in rest.split(",") if "=" in pair)
        return cls(name, tuple(f"{NETWORK_OPTIONS[key]}={value}" for key, value in pairs if key in NETWORK_OPTIONS))

    def at_the_start(self) -> list[str]:
        return [f"--network={self.name}", *(one.replace("--alias=", "--network-alias=") for one in self.options)]


@dataclass(frozen=True, slots=True)
class RunArguments:
    """Everything after `run`. Docker before 25 puts a new container on one network; `further` are the others.

    The hardware address is left out: Docker makes it from the address (from version 28 on it tells the neighbours of
    a new one), and its newer command lines cannot give one to an older daemon.
    """

    options: tuple[str, ...]
    rest: tuple[str, ...]
    further: tuple[Network, ...]

    @classmethod
    def of(cls, words: Sequence[str]) -> Self:
        """Every option is one word, so that the first word that is none is the image."""
        end = next((n for n, word in enumerate(words) if not word.startswith("-")), len(words))
        options = [word for word in words[:end] if not word.startswith(("--network=", "--mac-address="))]
        networks = [Network.of(word.partition("=")[2]) for word in words[:end] if word.startswith("--network=")]
        options += networks[0].at_the_start() if networks else []
        return cls(tuple(options), tuple(words[end:]), tuple(networks[1:]))

    def words(self, *, created: bool = False) -> list[str]:
        """For `run`, or for `create`, which is never detached."""
        return [*(one for one in self.options if not (created and one == "--detach")), *self.rest]

    @property
    def attach(self) -> list[str]:
        """What `start` needs to be as much in front as `run` would have been."""
        if "--detach" in self.options:
            return []
        return ["--attach", *(["--interactive"] if "--interactive" in self.options else [])]
