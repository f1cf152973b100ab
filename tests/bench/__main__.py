"""`python -m bench`, as bin/bench runs it. Exit status: 0 all targets met, 1 one is not, 2 usage, 130 interrupted."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bench import pushcost, rotations, throughput
from bench.results import Measured, Results, describe_machine
from bench.systems import SYSTEMS, running
from bench.table import markdown, table
from bench.workshop import BenchError, Workshop, opened

NAMES = tuple(system.name for system in SYSTEMS)
TITLES = {system.name: system.title for system in SYSTEMS}
PROGRAMS = {"alias": "caddy", "caddy": "caddy", "traefik": "traefik"}


@dataclass(frozen=True)
class Amounts:
    """How much is measured; times in seconds."""

    rotations: int = 20
    requests: int = 200_000
    baseline: float = 8.0
    rounds: int = 5
    wrk_seconds: int = 2
    pairs: int = 7
    other_apps: tuple[int, ...] = (1, 10, 50)

    def minutes(self, systems: int, *, push_cost: bool) -> float:
        """About how long it takes: what was seen on a machine with 2 cores and nothing else to do."""
        system = self.baseline + self.rotations * 7.5 + self.rounds * self.wrk_seconds * 2 + 12
        pushes = max(self.other_apps) * 2.2 + len(self.other_apps) * self.pairs * 3 + 15
        return (20 + systems * system + (pushes if push_cost else 0)) / 60


QUICK = Amounts(rotations=2, requests=0, baseline=3, rounds=1, wrk_seconds=2, pairs=2, other_apps=(1, 3))


def main() -> int:
    options = parse()
    try:
        with opened(abrupt=options.app == "abrupt") as workshop:
            results = measure(workshop, options.amounts, options.chosen, push_cost=not options.no_push_cost)
    except KeyboardInterrupt:
        print("interrupted; everything was taken away again", file=sys.stderr)
        return 130
    except (AssertionError, BenchError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(results.to_json(), indent=2))
    else:
        print(markdown(results) if options.markdown else table(results))
    return 0 if not results.errors and all(target.met for target in results.targets) else 1


def measure(workshop: Workshop, amounts: Amounts, names: tuple[str, ...], *, push_cost: bool) -> Results:
    results = Results(describe_machine(workshop.engine("--version")))
    workshop.say(f"about {amounts.minutes(len(names), push_cost=push_cost):.0f} minutes on a machine left alone")
    for program in dict.fromkeys(PROGRAMS[name] for name in names if name in PROGRAMS):
        workshop.build_program(program)
    if names:
        with throughput.direct(workshop) as direct:
            for name in names:
                with noted(results, name):
                    results.systems[name] = measure_system(workshop, amounts, name, direct)
    cost = None
    if push_cost:
        with noted(results, "the push cost"):
            cost = pushcost.measure(workshop, amounts.pairs, amounts.other_apps)
    return replace(results, push_cost=cost)


@contextmanager
def noted(results: Results, what: str) -> Iterator[None]:
    """What cannot be measured does not take away what was measured before."""
    try:
        yield
    except (AssertionError, BenchError) as error:
        print(f"error: {what}: {error}", file=sys.stderr)
        results.errors[what] = str(error)


def measure_system(workshop: Workshop, amounts: Amounts, name: str, direct: int) -> Measured:
    workshop.say(f"{name}: starting")
    with running(workshop, name) as system:
        through = throughput.measure(workshop, system, direct, amounts.rounds, amounts.wrk_seconds)
        rotated = rotations.measure(
            workshop, system,
            rotations=amounts.rotations, requests=amounts.requests, baseline=amounts.baseline,
        )  # fmt: skip
    return Measured(TITLES[name], through, rotated)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="What a rotation loses, what the proxy costs, what a push costs.",
        epilog="Load goes to loopback ports only; everything that is made is taken away again.",
    )  # fmt: skip
    add = parser.add_argument
    add("--json", action="store_true", help="all numbers, for scripts")
    add("--markdown", action="store_true", help="the tables as the README has them")
    add("--quick", action="store_true", help="small counts, for trying it out; its numbers mean little")
    add("--rotations", type=int, metavar="N", help="of each system; default 20")
    add("--pairs", type=int, metavar="N", help="of pushes; default 7")
    add("--systems", metavar="NAMES", help=f"default {','.join(NAMES)}")
    add("--app", choices=("graceful", "abrupt"), default="graceful", help="what the app does on SIGTERM")
    add("--no-push-cost", action="store_true", help="only the systems")
    add("--push-cost-only", action="store_true", help="only the push cost")
    options = parser.parse_args()
    options.chosen = tuple(options.systems.split(",")) if options.systems else NAMES
    if options.push_cost_only:
        options.chosen = ()
    if unknown := [name for name in options.chosen if name not in NAMES]:
        parser.error(f"no such system: {', '.join(unknown)}; known: {', '.join(NAMES)}")
    amounts = QUICK if options.quick else Amounts()
    options.amounts = replace(
        amounts, rotations=options.rotations or amounts.rotations, pairs=options.pairs or amounts.pairs
    )  # fmt: skip
    return options


if __name__ == "__main__":
    sys.exit(main())
