"""Performs the steps of a rotation, and takes them back when one fails."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from podshift.engine import Engine
from podshift.errors import PodshiftError, said_of
from podshift.exits import hinted
from podshift.proxy import ServerState, Upstreams, begin_canary, end_canary
from podshift.readiness import await_ready
from podshift.report import count, duration
from podshift.rotate.drain import POLL_SECONDS, drain
from podshift.rotate.steps import AwaitReady, Canary, Commit, Drain, New, Remove, Start, Step, Stop, Switch, Watch
from podshift.watch import error_share, watch

# The proxy closes idle connections to an upstream within 2 seconds; only then can it forget it.
FORGET_SECONDS = 3.0
# What a failed release still has in flight may take this long to end, once nothing new comes to it.
UNDO_DRAIN_SECONDS = 10.0


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
    """Who writes down what is live: the records, and the proxy's file with them; and that it may not be so just now."""

    def begin(self) -> None:
        """What runs may not be what was written down, until settle()."""

    def settle(self) -> None: ...

    def give_up(self) -> None:
        """What was done is about to be taken back, which nobody may interrupt."""

    def commit(self, new: Sequence[New]) -> None: ...

    def turn_back(self) -> None: ...


class Rotation:
    """Performs a plan for one app. Until the new containers were watched, what fails is undone."""

    def __init__(
        self, engine: Engine, proxy: Upstreams, *, app: str, backend: str, env: Mapping[str, str], books: Books,
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
        self.books.begin()
        try:
            for step in plan[: last + 1]:
                done.append(step)
                self.perform(step)
        except BaseException:
            self.books.give_up()
            undone = [self.undo(step) for step in reversed(done)]
            if all(undone):
                self.books.settle()
            raise
        for step in plan[last + 1 :]:
            self.perform(step)
        self.books.settle()
        self.instants.end = time.monotonic()

    def perform(self, step: Step) -> None:
        match step:
            case Start(new):
                self._start(new)
            case AwaitReady(new):
                awaited = [(one.place, one.process.ready) for one in new]
                await_ready(self.engine, self.proxy, self.app, self.backend, awaited)
                self.instants.ready = time.monotonic()
            case Canary():
                self._canary(step)
            case Switch(on, off):
                self.proxy.switch(self.backend, list(on), list(off))
                if on:
                    self.instants.switched = time.monotonic()
            case Commit(new):
                self.books.commit(new)
            case Watch(_, old):
                self._watch(step, lambda servers: self._note_drained(servers, old))
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

    def undo(self, step: Step) -> bool:
        """Take a step back, as far as it got, if that can be. Never raises: the next one must still be taken back."""
        try:
            match step:
                case Start(new):
                    # One that could not be started may have the name of another app's that is being started too.
                    own = {one.name for one in self.engine.containers(app=self.app)}
                    self._remove([one.name for one in new if one.name in own], 0)
                case Canary(new):
                    drain(self.proxy, self.backend, new, UNDO_DRAIN_SECONDS)
                case Switch(on, off):
                    self.proxy.switch(self.backend, list(off), list(on))
                    drain(self.proxy, self.backend, on, UNDO_DRAIN_SECONDS)
                case Stop(names, _):
                    self.engine.start(names)
                    self.proxy.doubt(self.backend, list(names))
                case Commit():
                    self.books.turn_back()
                case _:
                    pass
        except (PodshiftError, OSError) as error:
            self.watcher.step("undo", f"{type(step).__name__}: {said_of(error)}; podshift up mends it")
            return False
        return True

    def _canary(self, step: Canary) -> None:
        """However it ends, all requests go to the old ones again: who takes them next is the next step's to say."""
        what, seconds = ", ".join(step.new), duration(step.seconds)
        self.watcher.step("canary", f"{step.percent} % of all requests go to {what} for {seconds}")
        try:
            begin_canary(self.proxy, self.backend, step.new, step.percent)
            self._watch(step, lambda _: None)
        finally:
            end_canary(self.proxy, self.backend)
            failed, answered = error_share(self.proxy.look(self.backend).servers, step.new)
            who = "it" if len(step.new) == 1 else "they"
            self.watcher.step("canary", f"{who} answered {count(answered, 'request')}, {failed:,} failed")

    def _watch(self, step: Watch | Canary, on_look: Callable[[Mapping[str, ServerState]], None]) -> None:
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
            on_look=on_look,
        )

    def _note_drained(self, servers: Mapping[str, ServerState], old: Sequence[str]) -> None:
        if self.instants.drained is None and all(servers[name].drained for name in old if name in servers):
            self.instants.drained = time.monotonic()

    def _start(self, new: Sequence[New]) -> None:
        for one in new:
            self.watcher.step("start", one.name)
            with hinted(self.engine, self.app):
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
