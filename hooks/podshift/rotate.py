"""The rotation: a pure planner that knows the overlap rule, and an applier that performs and undoes steps."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from podshift.engine import Container, Engine
from podshift.errors import PodshiftError
from podshift.model import Order, Process
from podshift.proxy import Proxy
from podshift.readiness import await_ready
from podshift.records import Placed

POLL_SECONDS = 0.05


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
    """The point of no return: the records and the proxy's file say that `new` is what runs."""

    new: tuple[New, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """SIGTERM, SIGKILL after so many seconds, and gone."""

    names: tuple[str, ...]
    seconds: float


Step = Start | AwaitReady | Switch | Drain | Stop | Commit | Remove


def plan_rotation(new: Sequence[New], old: Sequence[Container]) -> list[Step]:
    """The overlap rule. All new containers are ready before anything is switched; all is switched at once.

    Start-first processes overlap: new beside old. Of a stop-first process there are never two at once, so its
    old containers stop first, but only after every start-first container is ready: most failures come before that.
    """
    steps: list[Step] = []
    starting = tuple(one for one in new if one.process.order is Order.START_FIRST)
    if starting:
        steps += [Start(starting), AwaitReady(starting)]
    for process in {one.process.name: one.process for one in new if one.process.order is Order.STOP_FIRST}.values():
        steps += _stop_first(process, new, old)
    web_new = tuple(one.name for one in new if one.place.is_web)
    web_old = tuple(one.name for one in old if one.process == "web")
    stopped = {name for step in steps if isinstance(step, Stop) for name in step.names}
    off = tuple(name for name in web_old if name not in stopped)
    processes = {one.process.name: one.process for one in new}
    if web_new or off:
        steps.append(Switch(web_new, off))
    steps.append(Commit(tuple(new)))
    if off:
        steps.append(Drain(off, processes["web"].drain if "web" in processes else 30.0))
    if old:
        seconds = max((process.stop for process in processes.values()), default=10.0)
        steps.append(Remove(tuple(one.name for one in old), seconds))
    return steps


def _stop_first(process: Process, new: Sequence[New], old: Sequence[Container]) -> list[Step]:
    starting = tuple(one for one in new if one.process.name == process.name)
    going = tuple(one.name for one in old if one.process == process.name)
    steps: list[Step] = []
    if going and process.is_web:
        steps += [Switch((), going), Drain(going, process.drain)]
    if going:
        steps.append(Stop(going, process.stop))
    return [*steps, Start(starting), AwaitReady(starting)]


@dataclass(slots=True)
class Instants:
    """When it happened, in seconds of the monotonic clock; None is what did not happen."""

    begin: float
    started: float | None = None
    ready: float | None = None
    switched: float | None = None
    drained: float | None = None
    stopped: float | None = None
    end: float | None = None


class Watcher(Protocol):
    """Who is told what a rotation does."""

    def step(self, name: str, text: str) -> None: ...


class Rotation:
    """Performs a plan for one app. What fails before the commit point is undone; nothing else is."""

    def __init__(
        self, engine: Engine, proxy: Proxy, *, app: str, backend: str, env: Mapping[str, str],
        commit: Callable[[Sequence[New]], None], watcher: Watcher,
    ) -> None:  # fmt: skip
        self.engine = engine
        self.proxy = proxy
        self.app = app
        self.backend = backend
        self.env = env
        self.commit = commit
        self.watcher = watcher
        self.instants = Instants(time.monotonic())
        self.committed = False
        self.cut = 0

    def apply(self, plan: Sequence[Step]) -> None:
        """Perform every step. Raises what made a step fail, after undoing all that was done before it."""
        done: list[Step] = []
        try:
            for step in plan:
                done.append(step)
                self.perform(step)
        except BaseException:
            if not self.committed:
                for step in reversed(done):
                    self.undo(step)
            raise
        self.instants.end = time.monotonic()

    def perform(self, step: Step) -> None:
        match step:
            case Start(new):
                self._start(new)
            case AwaitReady(new):
                awaited = [(one.place, one.process.ready) for one in new]
                await_ready(self.engine, self.proxy, self.app, self.backend, awaited)
                self.instants.ready = time.monotonic()
            case Switch(on, off):
                self.proxy.switch(self.backend, list(on), list(off))
                if on:
                    self.instants.switched = time.monotonic()
            case Commit(new):
                self.commit(new)
                self.committed = True
            case Drain(names, seconds):
                self._drain(names, seconds)
            case Stop(names, seconds):
                self.watcher.step("stop", ", ".join(names))
                self.engine.stop(names, seconds)
                self.instants.stopped = time.monotonic()
            case Remove(names, seconds):
                self._remove(names, seconds)

    def undo(self, step: Step) -> None:
        """Take a step back, as far as it got. Never raises: the next step back must still be taken."""
        try:
            match step:
                case Start(new):
                    self._remove([one.name for one in new], 0)
                case Switch(on, off):
                    self.proxy.switch(self.backend, list(off), list(on))
                case Stop(names, _):
                    self.engine.start(names)
                case _:
                    pass
        except PodshiftError as error:
            self.watcher.step("undo", f"{type(step).__name__}: {error.message}; podshift up mends it")

    def _start(self, new: Sequence[New]) -> None:
        for one in new:
            self.watcher.step("start", one.name)
            self.engine.run(one.arguments, self.env)
            if one.place.is_web:
                self.proxy.add(self.backend, one.place)
        self.instants.started = self.instants.started or time.monotonic()

    def _drain(self, names: Sequence[str], seconds: float) -> None:
        self.cut += drain(self.proxy, self.backend, names, seconds)
        self.instants.drained = time.monotonic()

    def _remove(self, names: Sequence[str], seconds: float) -> None:
        self.engine.remove(names, seconds)
        if self.committed:
            self.instants.stopped = self.instants.stopped or time.monotonic()
        for name in names:
            self._forget(name)

    def _forget(self, name: str) -> None:
        deadline = time.monotonic() + 3
        while not self.proxy.forget(self.backend, name) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def drain(proxy: Proxy, backend: str, names: Sequence[str], seconds: float) -> int:
    """Wait until nothing is in flight at these upstreams. How many requests were cut when the time was up."""
    deadline = time.monotonic() + seconds
    while busy := _in_flight(proxy, backend, names):
        if time.monotonic() >= deadline:
            for name in busy:
                proxy.cut(backend, name)
            return sum(busy.values())
        time.sleep(POLL_SECONDS)
    return 0


def _in_flight(proxy: Proxy, backend: str, names: Sequence[str]) -> dict[str, int]:
    servers = proxy.look(backend).servers
    return {name: servers[name].in_flight for name in names if name in servers and not servers[name].drained}
