"""From a release with an image to live containers: rotation, commit point, report."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from podshift.deploy.containers import Blueprint, lasting_containers
from podshift.deploy.installation import Installation
from podshift.deploy.release.background import Cancellation
from podshift.deploy.volumes import prepare_volumes
from podshift.model import State
from podshift.proxy import backend_name
from podshift.records import App, Placed, Release
from podshift.report import Instants as Drawn
from podshift.report import Log, count, summary, timeline
from podshift.rotate import Canary, New, Rotation, plan_rotation


@dataclass
class LiveBooks:
    """Writes down what is live, and takes it back when the release does badly."""

    installation: Installation
    app: App
    release: Release
    log: Log
    cancellation: Cancellation
    earlier: Release | None = field(init=False)
    recorded: Sequence[Placed] = field(init=False)
    variables: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.earlier = self.installation.records.live_release(self.app.name)
        self.recorded = self.installation.records.containers().get(self.app.name, [])
        self.variables = self.installation.records.variables(self.app.name)

    def rotation(self, variables: Mapping[str, str]) -> Rotation:
        """What performs a plan of which this is the commit point; `variables` is the new containers' environment."""
        return Rotation(
            self.installation.engine, self.installation.upstreams(self.app), app=self.app.name,
            backend=backend_name(self.app), env=variables, books=self, watcher=self.log,
        )  # fmt: skip

    def begin(self) -> None:
        with suppress(OSError):  # on a full disk a rotation is as good without
            self.installation.home.unsettled(self.app.name).touch()

    def settle(self) -> None:
        self.installation.home.unsettled(self.app.name).unlink(missing_ok=True)

    def give_up(self) -> None:
        self.cancellation.allowed = False

    def commit(self, new: Sequence[New]) -> None:
        self.write([one.place for one in new])
        self.log.step("live", f"{self.release.name} takes all requests")

    def write(self, places: Sequence[Placed], scales: Mapping[str, int | None] = MappingProxyType({})) -> None:
        """The commit point: from here on nobody can cancel. `scales` as Installation.go_live() has it."""
        self.cancellation.end()
        self._hold(places)  # first: when the proxy does not take it, nothing was written down yet
        self.installation.go_live(self.release, places, scales)

    def turn_back(self) -> None:
        if self.earlier and self.earlier.number != self.release.number:
            self.installation.turn_back(self.release, self.earlier, self.recorded, self.variables)
        elif self.earlier:
            self.installation.go_live(self.earlier, self.recorded)
        self._hold(self.recorded)  # last: a proxy that does not answer now will read in its file what is live
        self.log.step("back", f"{self.earlier.name if self.earlier else 'nothing'} takes all requests again")

    def _hold(self, places: Sequence[Placed]) -> None:
        seconds = max((one.hold for one in places), default=0)
        self.installation.upstreams(self.app).hold(backend_name(self.app), seconds)


def roll_out(
    installation: Installation, app: App, release: Release, log: Log, cancellation: Cancellation, *,
    canary: int | None = None,
) -> None:  # fmt: skip
    """Rotate to `release`. Raises PodshiftError when it could not, and then the old containers still serve.

    `canary`: the percentage of the requests that it gets at first.
    """
    proxy, backend = installation.upstreams(app), backend_name(app)
    blueprint = Blueprint(installation, app, release)
    if overridden := blueprint.overridden:
        log.step("scale", overridden)
    prepare_volumes(blueprint)
    books = LiveBooks(installation, app, release, log, cancellation)
    # A new release's names are new, so that the records are enough; a restart asks the engine which names are free.
    old = lasting_containers(installation, app) if release.state is State.LIVE else books.recorded
    new = blueprint.containers(old)
    before = proxy.look(backend)
    rotation = books.rotation(blueprint.variables)
    held = proxy.held(backend)
    plan = plan_rotation(new, old, canary=canary)
    if canary and not any(isinstance(step, Canary) for step in plan):
        log.step("canary", "no release serves that could share with it, so it takes all requests at once")
    rotation.apply(plan)
    after = proxy.look(backend)
    crossed = (after.requests - before.requests, after.failed - before.failed) if old and not app.by_alias else None
    if crossed and min(crossed) < 0:
        crossed = None  # it has started anew meanwhile, and counts from there
    if (waited := proxy.held(backend) - held) > 0:
        log.line(f"{count(waited, 'request')} {'was' if waited == 1 else 'were'} held until the new one was ready")
    report(log, app, release, rotation, books.earlier.name if old and books.earlier else None, crossed)


def report(
    log: Log, app: App, release: Release, rotation: Rotation, old: str | None, crossed: tuple[int, int] | None
) -> None:
    """The overlap drawn to scale, and what the proxy counted while it lasted."""
    at = rotation.instants
    now = time.monotonic()
    drawn = Drawn(
        begin=at.begin,
        new_started=at.started or at.begin,
        new_ready=at.ready or now,
        switched=at.switched or now,
        end=at.end or now,
        old_drained=at.drained if old else None,
        old_stopped=at.stopped if old else None,
    )
    for line in timeline(drawn, release.name, old):
        log.line(line)
    if rotation.cut:
        log.line(f"{rotation.cut} still in flight when the drain time was up")
    requests, failed = crossed or (None, 0)
    log.success(summary(app.name, release.number, release.commit, release.subject, requests=requests, failed=failed))
