"""What a run of the bench has found, as values that become a table or JSON."""

import os
import platform
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.pushcost import PushCost
from bench.rotations import Rotations
from bench.throughput import Throughput

MOST_SWITCH_SECONDS = 0.150
LEAST_ROTATIONS, LEAST_REQUESTS = 20, 200_000
LEAST_TIMES_CADDY, LEAST_SHARE = 2.0, 0.45
MOST_PUSH_RATIO, MOST_PUSH_GROWTH = 1.25, 1.10
MOST_DEPLOYER_MB = 80.0


@dataclass(frozen=True)
class Measured:
    """One system."""

    title: str
    throughput: Throughput
    rotations: Rotations


@dataclass(frozen=True)
class Target:
    """Something that the bench shall show, and what it has shown."""

    name: str
    found: str
    met: bool


@dataclass(frozen=True)
class Results:
    machine: Mapping[str, str]
    systems: dict[str, Measured] = field(default_factory=dict)
    push_cost: PushCost | None = None
    errors: dict[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""

    @property
    def targets(self) -> list[Target]:
        found = []
        if ours := self.systems.get("podshift"):
            found += _rotation_targets(ours.rotations)
            caddy = [one.throughput.per_second for name, one in self.systems.items() if name in ("alias", "caddy")]
            found += _throughput_targets(ours.throughput, max(caddy, default=None))
        if self.push_cost:
            found += _push_targets(self.push_cost)
        return found

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        for name, one in self.systems.items():
            values["systems"][name]["throughput"] |= {
                "per_second": one.throughput.per_second, "share_of_direct": one.throughput.share
            }  # fmt: skip
            values["systems"][name]["rotations"]["switch_median"] = one.rotations.switch_median
        if self.push_cost:
            for row, pairs in zip(values["push_cost"]["pairs"], self.push_cost.pairs, strict=True):
                row["ratio"] = pairs.ratio
        return values | {"targets": [asdict(target) for target in self.targets]}


def _rotation_targets(ours: Rotations) -> list[Target]:
    worst = max(ours.switch_seconds)
    return [
        Target(
            f"0 failed over at least {LEAST_ROTATIONS} rotations and {LEAST_REQUESTS:,} requests",
            f"{ours.all_failed} failed of {ours.requests:,} over {ours.rotations}",
            ours.all_failed == 0 and ours.rotations >= LEAST_ROTATIONS and ours.requests >= LEAST_REQUESTS,
        ),
        Target(
            f"from ready to all requests on the new: under {MOST_SWITCH_SECONDS * 1000:.0f} ms",
            f"{ours.switch_median * 1000:.0f} ms, the longest {worst * 1000:.0f} ms",
            ours.switch_median < MOST_SWITCH_SECONDS,
        ),
    ]


def _throughput_targets(ours: Throughput, caddy: float | None) -> list[Target]:
    share = Target(
        f"requests/s: at least {LEAST_SHARE} of direct", f"{ours.share:.2f}", ours.share >= LEAST_SHARE
    )  # fmt: skip
    if caddy is None:
        return [share]
    times = ours.per_second / caddy
    return [
        Target(f"requests/s: at least {LEAST_TIMES_CADDY:g} x Caddy's", f"{times:.1f} x", times >= LEAST_TIMES_CADDY),
        share,
    ]


def _push_targets(cost: PushCost) -> list[Target]:
    first, last = cost.pairs[0], cost.pairs[-1]
    worst = max(pairs.ratio for pairs in cost.pairs)
    growth = last.ratio / first.ratio
    return [
        Target(f"a push: at most {MOST_PUSH_RATIO} x the bare script", f"{worst:.2f} x", worst <= MOST_PUSH_RATIO),
        Target(
            f"a push: no more than {MOST_PUSH_GROWTH - 1:.0%} dearer with {last.other_apps} other apps",
            f"{growth - 1:+.0%}",
            growth <= MOST_PUSH_GROWTH,
        ),
        Target(
            f"the deployer's peak memory: under {MOST_DEPLOYER_MB:.0f} MB",
            f"{cost.deployer_peak_mb:.0f} MB",
            0 < cost.deployer_peak_mb < MOST_DEPLOYER_MB,
        ),
    ]


def describe_machine(engine: str) -> dict[str, str]:
    """When and where; `load` is the load average at the beginning: another's work on the machine shows there."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpus": f"{os.cpu_count()} x {model[1] if model else platform.machine()}",
        "memory": f"{int(memory[1]) / 1024**2:.0f} GiB" if memory else "",
        "kernel": platform.release(),
        "engine": engine,
        "load": f"{os.getloadavg()[0]:.1f}",
    }
