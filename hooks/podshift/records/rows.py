"""What the records hold, as frozen values."""

from dataclasses import dataclass

from podshift.model import State


@dataclass(frozen=True, slots=True)
class App:
    """`backend` is the number of its ready-made backend in the proxy; `live` its live release, if any."""

    name: str
    branch: str
    gate: bool
    backend: int
    subnet: str
    created: float
    live: int | None
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A numbered attempt to run an image. `at` in seconds since the epoch, `seconds` how long it took."""

    app: str
    number: int
    commit: str
    subject: str
    state: State
    image: str
    manifest: str | None
    procfile: str | None
    port: int
    pushed_by: str
    at: float
    seconds: float | None
    error: str | None
    rollback_of: int | None

    @property
    def name(self) -> str:
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Placed:
    """A container that should run: its place on the app's network, and how the proxy treats it.

    `hold`: seconds that the proxy lets a request wait while the app has no container that answers.
    """

    name: str
    process: str
    address: str
    port: int
    ready_path: str = "/"
    hold: int = 0

    @property
    def is_web(self) -> bool:
        return self.process == "web"
