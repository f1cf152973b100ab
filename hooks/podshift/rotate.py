"""The rotation: a pure planner that knows the overlap rule, and an applier that performs and undoes steps."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from podshift.engine import Engine
from podshift.errors import PodshiftError
from podshift.model import Order, Process
from podshift.proxy import Proxy, ServerState
from podshift.readiness import await_ready
from podshift.records import Placed
from podshift.watch import error_share, watch

POLL_SECONDS = 0.05
# The proxy closes idle connections to an upstream within a second; only then can it forget it.
FORGET_SECONDS = 3.0
# What a failed release still has in flight may take this long to end, once nothing new comes to it.
UNDO_DRAIN_SECONDS = 10.0


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


Step = Start | AwaitReady | Switch | Drain | Stop | Commit | Watch | Remove


class Old(Protocol):
    """A container that is to go: from the records, or as the engine lists it."""

    @property
    def name(self) -> str: ...

    @property
    def process(self) -> str: ...


def plan_rotation(new: Sequence[New], old: Sequence[Old], processes: Mapping[str, Process] | None = None) -> list[Step]:
    """The overlap rule. All new containers are ready before anything is switched; all is switched at once.

    Start-first processes overlap: new beside old. Of a stop-first process there are never two at once, so its
    old containers stop first, but only after every start-first container is ready: most failures come before that.
    No old container goes before the new ones were watched; until then every step can be taken back.
    `processes` says how to drain and stop old containers of a process that has no new ones.
    """
    steps: list[Step] = []
    starting = tuple(one for one in new if one.process.order is Order.START_FIRST)
    if starting:
        steps += [Start(starting), AwaitReady(starting)]
    starting_processes = {one.process.name: one.process for one in new}
    for process in starting_processes.values():
        if process.order is Order.STOP_FIRST:
            steps += _stop_first(process, new, old)
    known = {**(processes or {}), **starting_processes}
    web = known.get("web", Process("web"))
    web_new = tuple(one.name for one in new if one.place.is_web)
    web_old = tuple(one.name for one in old if one.process == "web")
    off = () if web_new and web.order is Order.STOP_FIRST else web_old
    if web_new or off:
        steps.append(Switch(web_new, off))
    steps.append(Commit(tuple(new)))
    if web_new and web_old and web.watch:
        steps.append(Watch(web_new, web_old, web.watch, web.max_errors))
    if off:
        steps.append(Drain(off, web.drain))
    if old:
        seconds = max((process.stop for process in known.values()), default=web.stop)
        steps.append(Remove(tuple(one.name for one in old), seconds))
    return steps


def _stop_first(process: Process, new: Sequence[New], old: Sequence[Old]) -> list[Step]:
    """Requests that come meanwhile are held by the proxy, so the drain may take no more than half of that time."""
    starting = tuple(one for one in new if one.process.name == process.name)
    going = tuple(one.name for one in old if one.process == process.name)
    steps: list[Step] = []
    if going and process.is_web:
        steps += [Switch((), going), Drain(going, min(process.drain, process.hold / 2))]
    if going:
        steps.append(Stop(going, process.stop))
    return [*steps, Start(starting), AwaitReady(starting)]


def plan_stop(old: Sequence[Old], processes: Mapping[str, Process]) -> list[Step]:
    """Nothing takes over. First of all it is written down, so that what is cut off here is finished later.

    New requests get the page of an app that has nothing running; those in flight are waited for.
    """
    names, web = tuple(one.name for one in old), tuple(one.name for one in old if one.process == "web")
    steps: list[Step] = [Commit(())]
    if web:
        steps += [Switch((), web), Drain(web, processes["web"].drain)]
    if names:
        steps.append(Remove(names, max(process.stop for process in processes.values())))
    return steps


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


class Books(Protocol):
    """Who writes down what is live: the records, and the proxy's file with them."""

    def commit(self, new: Sequence[New]) -> None: ...

    def turn_back(self) -> None: ...


class Rotation:
    """Performs a plan for one app. Until the new containers were watched, what fails is undone."""

    def __init__(
        self, engine: Engine, proxy: Proxy, *, app: str, backend: str, env: Mapping[str, str], books: Books,
        watcher: Watcher,
    ) -> None:  # fmt: skip
        self.engine = engine
        self.proxy = proxy
        self.app = app
        self.backend = backend
        self.env = env
        self.books = books
        self.watcher = watcher
        self.instants = Instants(time.monotonic())
        self.cut = 0

    def apply(self, plan: Sequence[Step]) -> None:
        """Perform every step. Raises what made a step fail, after taking back all that was done before it."""
        last = max((number for number, step in enumerate(plan) if isinstance(step, Commit | Watch)), default=-1)
        done: list[Step] = []
        try:
            for step in plan[: last + 1]:
                done.append(step)
                self.perform(step)
        except BaseException:
            for step in reversed(done):
                self.undo(step)
            raise
        for step in plan[last + 1 :]:
            self.perform(step)
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
                self.books.commit(new)
            case Watch():
                self._watch(step)
            case Drain(names, seconds):
                self.cut += drain(self.proxy, self.backend, names, seconds)
                self.instants.drained = self.instants.drained or time.monotonic()
            case Stop(names, seconds):
                self.watcher.step("stop", ", ".join(names))
                self.engine.stop(names, seconds)
                self.instants.stopped = time.monotonic()
            case Remove(names, seconds):
                self._remove(names, seconds)
                self.instants.stopped = self.instants.stopped or time.monotonic()

    def undo(self, step: Step) -> None:
        """Take a step back, as far as it got. Never raises: the next step back must still be taken."""
        try:
            match step:
                case Start(new):
                    self._remove([one.name for one in new], 0)
                case Switch(on, off):
                    self.proxy.switch(self.backend, list(off), list(on))
                    drain(self.proxy, self.backend, on, UNDO_DRAIN_SECONDS)
                case Stop(names, _):
                    self.engine.start(names)
                case Commit():
                    self.books.turn_back()
                case _:
                    pass
        except PodshiftError as error:
            self.watcher.step("undo", f"{type(step).__name__}: {error.message}; podshift up mends it")

    def _watch(self, step: Watch) -> None:
        servers = self.proxy.look(self.backend).servers
        failed, answered = error_share(servers, step.old)
        watch(
            self.engine,
            self.proxy,
            app=self.app,
            backend=self.backend,
            names=step.new,
            seconds=step.seconds,
            max_errors=step.max_errors,
            errors_before=failed / answered if answered else 0.0,
            on_look=lambda servers: self._note_drained(servers, step.old),
        )

    def _note_drained(self, servers: Mapping[str, ServerState], old: Sequence[str]) -> None:
        if self.instants.drained is None and all(servers[name].drained for name in old if name in servers):
            self.instants.drained = time.monotonic()

    def _start(self, new: Sequence[New]) -> None:
        for one in new:
            self.watcher.step("start", one.name)
            self.engine.run(one.arguments, self.env)
            if one.place.is_web:
                self.proxy.add(self.backend, one.place)
        self.instants.started = self.instants.started or time.monotonic()

    def _remove(self, names: Sequence[str], seconds: float) -> None:
        self.engine.remove(names, seconds)
        for name in names:
            deadline = time.monotonic() + FORGET_SECONDS
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
