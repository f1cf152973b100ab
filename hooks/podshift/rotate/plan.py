"""Which steps a rotation takes: pure, and the only place that knows the overlap rule."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from podshift.model import Order, Process
from podshift.rotate.steps import AwaitReady, Canary, Commit, Drain, New, Remove, Start, Step, Stop, Switch, Watch


class Old(Protocol):
    """A container that is to go: from the records, or as the engine lists it."""

    @property
    def name(self) -> str: ...

    @property
    def process(self) -> str: ...


def plan_rotation(
    new: Sequence[New],
    old: Sequence[Old],
    processes: Mapping[str, Process] | None = None,
    *,
    canary: int | None = None,
) -> list[Step]:
    """The overlap rule. All new containers are ready before anything is switched; all is switched at once.

    Start-first processes overlap: new beside old. Of a stop-first process there are never two at once, so its
    old containers stop first, but only after every start-first container is ready: most failures come before that.
    No old container goes before the new ones were watched; until then every step can be taken back.
    `processes` says how to drain and stop old containers of a process that has no new ones. `canary`: the percentage
    of the requests that the new ones get first, before anything old is touched or anything is written down.
    """
    steps: list[Step] = []
    starting = tuple(one for one in new if one.process.order is Order.START_FIRST)
    if starting:
        steps += [Start(starting), AwaitReady(starting)]
    web_new = tuple(one.name for one in new if one.place.is_web)
    web_old = tuple(one.name for one in old if one.process == "web")
    starting_processes = {one.process.name: one.process for one in new}
    if canary and web_new and web_old:
        watched = starting_processes["web"]
        steps.append(Canary(web_new, web_old, canary, watched.watch, watched.max_errors))
    for process in starting_processes.values():
        if process.order is Order.STOP_FIRST:
            steps += _stop_first(process, new, old)
    known = {**(processes or {}), **starting_processes}
    web = known.get("web", Process("web"))
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
