"""The overlap rule at a glance, and what must hold for every rotation.

Small letters are what runs, capitals what is new: `w`, `W` web, `j`, `J` another process. `!` makes a new process
stop-first, `~` leaves out the watch. `|` parts the steps; `w → W` is a switch from the old to the new.
"""

from dataclasses import replace
from itertools import product

import pytest

from podshift.engine import Container
from podshift.model import Order, Process
from podshift.records import Placed
from podshift.rotate import (
    AwaitReady,
    Canary,
    Commit,
    Drain,
    New,
    Remove,
    Start,
    Step,
    Stop,
    Switch,
    Watch,
    plan_rotation,
    plan_stop,
)

PROCESSES = {"w": "web", "j": "worker", "k": "clock"}

RULE = [
    ("",      "W",      "start W | W ready | nobody → W | W live"),
    ("",      "W J",    "start W J | W J ready | nobody → W | W J live"),
    ("",      "W!",     "start W | W ready | nobody → W | W live"),
    # start-first: old and new overlap; the old goes when the new was watched
    ("w",     "W",      "start W | W ready | w → W | W live | watch W beside w | drain w | remove w"),
    ("w",     "W~",     "start W | W ready | w → W | W live | drain w | remove w"),
    ("w v",   "W V",    "start W V | W V ready | w v → W V | W V live | watch W V beside w v | drain w v | remove w v"),
    ("w v",   "W",      "start W | W ready | w v → W | W live | watch W beside w v | drain w v | remove w v"),
    # stop-first: never two at once; requests are held between the two switches
    ("w",     "W!",     "w → nobody | drain w | stop w | start W | W ready | nobody → W | W live"
                        " | watch W beside w | remove w"),
    # all or nothing: nobody is switched before every process is ready
    ("w j",   "W J",    "start W J | W J ready | w → W | W J live | watch W beside w | drain w | remove w j"),
    ("w j",   "W J!",   "start W | W ready | stop j | start J | J ready | w → W | W J live"
                        " | watch W beside w | drain w | remove w j"),
    ("w j",   "W! J",   "start J | J ready | w → nobody | drain w | stop w | start W | W ready | nobody → W | W J live"
                        " | watch W beside w | remove w j"),
    ("w j",   "W! J!",  "w → nobody | drain w | stop w | start W | W ready | stop j | start J | J ready"
                        " | nobody → W | W J live | watch W beside w | remove w j"),
    # a process comes, a process goes
    ("w",     "W J!",   "start W | W ready | start J | J ready | w → W | W J live"
                        " | watch W beside w | drain w | remove w"),
    ("w j",   "W",      "start W | W ready | w → W | W live | watch W beside w | drain w | remove w j"),
    ("w",     "",       "w → nobody | live | drain w | remove w"),
    ("w j",   "",       "w → nobody | live | drain w | remove w j"),
    ("j",     "J",      "start J | J ready | J live | remove j"),
    ("",      "",       "live"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "plan"), RULE, ids=[f"{old}-{new}" for old, new, _ in RULE])
def test_the_overlap_rule(old: str, new: str, plan: str) -> None:
    steps = plan_rotation(news(new), olds(old))
    assert " | ".join(sentence(step) for step in steps) == plan


CANARY = [
    # nothing old is touched, and nothing is written down, before the canary did well
    ("w",     "W",      "start W | W ready | 10 % to W beside w | w → W | W live"
                        " | watch W beside w | drain w | remove w"),
    ("w v",   "W V",    "start W V | W V ready | 10 % to W V beside w v | w v → W V | W V live"
                        " | watch W V beside w v | drain w v | remove w v"),
    ("w j",   "W J!",   "start W | W ready | 10 % to W beside w | stop j | start J | J ready | w → W | W J live"
                        " | watch W beside w | drain w | remove w j"),
    # with nobody to share with it is a rotation as ever
    ("",      "W",      "start W | W ready | nobody → W | W live"),
    ("j",     "W J",    "start W J | W J ready | nobody → W | W J live | remove j"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "plan"), CANARY, ids=[f"{old}-{new}" for old, new, _ in CANARY])
def test_a_canary_comes_before_all_that_cannot_be_taken_back(old: str, new: str, plan: str) -> None:
    steps = plan_rotation(news(new), olds(old), canary=10)
    assert " | ".join(sentence(step) for step in steps) == plan


def test_a_stop_is_written_down_first_and_then_waits_for_requests_in_flight() -> None:
    web, worker = Process("web", drain=7.0, stop=2.0), Process("worker", stop=4.0)
    assert plan_stop(olds("w v j"), {"web": web, "worker": worker}) == [
        Commit(()),
        Switch((), ("w", "v")),
        Drain(("w", "v"), 7.0),
        Remove(("w", "v", "j"), 4.0),
    ]
    assert plan_stop(olds("j"), {"web": web, "worker": worker}) == [Commit(()), Remove(("j",), 4.0)]
    assert plan_stop([], {"web": web}) == [Commit(())]


@pytest.mark.parametrize("order", Order)
def test_fewer_containers_are_drained_and_stopped_as_their_process_says(order: Order) -> None:
    web = Process("web", order=order, drain=7.0, stop=2.0)
    assert plan_rotation([], olds("w"), {"web": web}) == [
        Switch((), ("w",)),
        Commit(()),
        Drain(("w",), 7.0),
        Remove(("w",), 2.0),
    ]


def news(text: str) -> list[New]:
    return [new(word) for word in text.split()]


def new(word: str) -> New:
    letter = word[0]
    name = process_name(letter)
    order = Order.STOP_FIRST if "!" in word else Order.START_FIRST
    process = Process(name, order=order, watch=0.0 if "~" in word else 5.0)
    return New(Placed(letter, name, "10.89.0.130", 8080), process)


def olds(text: str) -> list[Container]:
    return [Container(letter, {"podshift.process": process_name(letter)}, "running", 1) for letter in text.split()]


def process_name(letter: str) -> str:
    return PROCESSES.get(letter.lower(), "web")


def sentence(step: Step) -> str:
    match step:
        case Start(new):
            return f"start {names(new)}"
        case AwaitReady(new):
            return f"{names(new)} ready"
        case Switch(on, off):
            return f"{' '.join(off) or 'nobody'} → {' '.join(on) or 'nobody'}"
        case Canary(new, old, percent):
            return f"{percent} % to {' '.join(new)} beside {' '.join(old)}"
        case Drain(gone):
            return f"drain {' '.join(gone)}"
        case Stop(gone):
            return f"stop {' '.join(gone)}"
        case Commit(new):
            return f"{names(new)} live".strip()
        case Watch(on, off):
            return f"watch {' '.join(on)} beside {' '.join(off)}"
        case Remove(gone):
            return f"remove {' '.join(gone)}"


def names(new: tuple[New, ...]) -> str:
    return " ".join(one.name for one in new)


EVERY = list(
    product(
        ("", "w", "w v", "j", "w j", "w v j k"),
        ("W", "W V", "W~", "W!", "W! V!", "W!~"),
        ("", "J", "J!", "J K!", "J! K!"),
    )
)


@pytest.mark.parametrize(("old", "web", "other"), EVERY, ids=lambda text: text)
def test_what_holds_for_every_rotation(old: str, web: str, other: str) -> None:
    before, after = olds(old), news(f"{web} {other}")
    stop_first = {one.process.name for one in after if one.process.order is Order.STOP_FIRST}
    running = {one.name: one.process for one in before}
    serving = {one.name for one in before if one.process == "web"}
    had_web, ready, drained = bool(serving), set[str](), set[str]()
    live = watched = False
    for step in plan_rotation(after, before):
        match step:
            case Start(new):
                assert not live, "nothing is started after the commit point"
                for one in new:
                    assert one.name not in running
                    running[one.name] = one.process.name
            case AwaitReady(new):
                ready |= {one.name for one in new}
            case Switch(on, off):
                assert set(on) <= ready, "only what is ready gets requests"
                serving = (serving | set(on)) - set(off)
                assert serving or "web" in stop_first, "somebody always serves"
            case Commit(new):
                assert list(new) == after
                assert {one.name for one in after} == ready
                live = True
            case Watch(_, off):
                assert live
                assert set(off) <= {one.name for one in before}, "the old ones are still there to go back to"
                watched = True
            case Drain(gone, _):
                assert not serving & set(gone), "only what gets no new request can drain"
                drained |= set(gone)
            case Stop(gone, _):
                assert not serving & set(gone)
                assert {running[name] for name in gone} <= stop_first
                running = {name: process for name, process in running.items() if name not in gone}
            case Remove(gone, _):
                assert live
                assert {name for name in gone if name in "wv"} <= drained, "no request is cut short"
                running = {name: process for name, process in running.items() if name not in gone}
        for process in stop_first:
            versions = {name.islower() for name, of in running.items() if of == process}
            assert len(versions) <= 1, f"two releases of {process} at once"
    assert live
    assert set(running) == {one.name for one in after}
    assert serving == {one.name for one in after if one.process.name == "web"}
    assert watched == (had_web and "~" not in web)


def test_times_come_from_the_new_manifest() -> None:
    web = new("W")
    web = replace(web, process=web.process._replace(drain=7.0, stop=3.0, watch=2.0, max_errors=0.25))
    job = new("J")
    job = replace(job, process=job.process._replace(stop=20.0))
    *_, watch, drain, remove = plan_rotation([web, job], olds("w j"))
    assert watch == Watch(("W",), ("w",), 2.0, 0.25)
    assert drain == Drain(("w",), 7.0)
    assert remove == Remove(("w", "j"), 20.0)


@pytest.mark.parametrize(("drain", "hold", "seconds"), [(30.0, 15.0, 7.5), (2.0, 15.0, 2.0), (30.0, 0.0, 0.0)])
def test_a_stop_first_drain_leaves_half_of_the_time_that_requests_are_held(
    drain: float, hold: float, seconds: float
) -> None:
    web = new("W!")
    web = replace(web, process=web.process._replace(drain=drain, hold=hold, stop=4.0))
    steps = plan_rotation([web], olds("w"))
    assert Drain(("w",), seconds) in steps
    assert Stop(("w",), 4.0) in steps
