"""Rotations of one system while the mixed load runs."""

import statistics
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from bench.mixed import KINDS, MixedLoad, TimedTally, Window
from bench.systems import System, request, resident_mb
from bench.workshop import BenchError, Workshop

# One system may take this long; it then stays at fewer rotations, or requests, and the result says so.
LONGEST_SECONDS = 270.0


@dataclass(frozen=True)
class Rotations:
    """What one system did. Latencies and times in seconds, memory in MB."""

    rotations: int
    requests: int
    failed: Mapping[str, int]
    """By kind of request, over all rotations."""
    reasons: Mapping[str, int]
    p99_without: float
    p99_during: float
    switch_seconds: tuple[float, ...]
    """Of each rotation, from its first passed readiness check to the last request that the old one still got."""
    resident_mb: float

    @property
    def switch_median(self) -> float:
        return statistics.median(self.switch_seconds)

    @property
    def all_failed(self) -> int:
        return sum(self.failed.values())


def measure(workshop: Workshop, system: System, *, rotations: int, requests: int, baseline: float) -> Rotations:
    """So many rotations, after `baseline` seconds without one, and at least so many requests in all."""
    windows: list[Window] = []
    switched: list[float] = []
    wait = threading.Event().wait
    with MixedLoad(system.port, system.host) as load:
        tally = load.tally
        wait(baseline)
        for number in range(2, rotations + 2):
            began = tally.now()
            if began > LONGEST_SECONDS:
                break
            system.rotate(number)
            windows.append((began, tally.now()))
            switched.append(_switch_seconds(system, tally, number))
            workshop.say(f"{system.name}: rotation {number - 1} of {rotations}, {_so_far(tally)}")
            wait(0.5)
        while tally.requests < requests and tally.now() < LONGEST_SECONDS:
            wait(0.5)
        resident = resident_mb(workshop.pid(system.proxy))
    result = tally.result()
    return Rotations(
        len(windows), result.requests, {kind: tally.lost_by_label[kind] for kind in KINDS}, dict(result.by_kind),
        tally.p99(windows, inside=False), tally.p99(windows, inside=True), tuple(switched), resident,
    )  # fmt: skip


def _switch_seconds(system: System, tally: TimedTally, number: int) -> float:
    """From the new one's first answer to a check to the last request that went to the old one; 0: none did."""
    for _ in range(10):
        status, said = request(system.port, "GET", "/first-check", host=system.host)
        first_check, _, version = said.partition(" ")
        if status == 200 and version.strip() == f"v{number}":
            return max(0.0, tally.began + tally.last_sent.get(f"v{number - 1}", 0.0) - float(first_check))
    raise BenchError(f"{system.name} answers {status} {said!r} after its rotation to v{number}")


def _so_far(tally: TimedTally) -> str:
    lost = ", ".join(f"{count} {label}" for label, count in tally.lost_by_label.items())
    return f"{tally.requests:,} requests, lost: {lost or 'none'}"
