"""Containers and images, as an engine lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Container:
    """A container of podshift's, as the engine lists it. `pid` is 0 when it does not run."""

    name: str
    labels: Mapping[str, str]
    state: str
    pid: int

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def app(self) -> str:
        return self.labels.get("podshift.app", "")

    @property
    def process(self) -> str:
        return self.labels.get("podshift.process", "")

    @property
    def release(self) -> int:
        return int(self.labels.get("podshift.release", 0))

    @property
    def index(self) -> int:
        return int(self.name.rsplit("-", 1)[-1])

    @property
    def address(self) -> str:
        return self.labels.get("podshift.address", "")


class Image(NamedTuple):
    """An image by one of its tags; one that is `dangling` has none, and no image is made on top of it."""

    id: str
    tag: str

    @property
    def dangling(self) -> bool:
        return self.tag == "<none>:<none>"

    @property
    def name(self) -> str:
        """What to remove it by; an image with several tags loses this one only."""
        return self.id if self.dangling else self.tag


class ImageFacts(NamedTuple):
    """What an image says of itself."""

    ports: tuple[int, ...]
    healthcheck: bool = False


class ImageOrigin(NamedTuple):
    """Whose an image is by its labels, and what it adds to whatever is built on it."""

    labels: Mapping[str, str]
    on_build: tuple[str, ...]
    healthcheck: bool = False
