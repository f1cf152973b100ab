"""The results as a person reads them."""

import statistics
from collections.abc import Iterator, Sequence

from bench.mixed import KINDS
from bench.pushcost import PushCost
from bench.results import Measured, Results

HEADINGS = (
    "system", *KINDS, "requests/s", "of direct", "p99", "rotating", "to the new", "memory",
)  # fmt: skip


PUSH_HEADINGS = ("other apps", "podshift", "bare script", "ratio")


def table(results: Results) -> str:
    return "\n".join(_lines(results))


def _lines(results: Results) -> Iterator[str]:
    machine = results.machine
    yield " · ".join((machine["date"], machine["cpus"], machine["memory"], machine["engine"]))
    if results.systems:
        yield ""
        yield "failed requests a rotation, by kind; requests a second; latency of quick requests; the switch; the proxy"
        yield from columns([HEADINGS, *(_row(one) for one in results.systems.values())])
        for one in results.systems.values():
            yield f"{one.title}: {one.rotations.rotations} rotations, {one.rotations.requests:,} requests" + _lost(one)
    if results.push_cost:
        yield ""
        yield "a push of a cached commit, from its start to live (median)"
        yield from columns([PUSH_HEADINGS, *_push_rows(results.push_cost)])
        yield f"the deployer's peak memory: {results.push_cost.deployer_peak_mb:.0f} MB"
    yield ""
    for what, why in results.errors.items():
        yield f"error: {what} could not be measured: {why}"
    for target in results.targets:
        yield f"{'met' if target.met else 'NOT MET':<8} {target.name}: {target.found}"


def markdown(results: Results) -> str:
    """The README's tables: everything that was measured, and which targets are met."""
    machine = results.machine
    lines = [" · ".join((machine["date"], machine["cpus"], machine["memory"], machine["engine"]))]
    if results.systems:
        lines += ["", *_markdown_rows(HEADINGS, [_row(one) for one in results.systems.values()])]
    if results.push_cost:
        lines += ["", *_markdown_rows(PUSH_HEADINGS, _push_rows(results.push_cost))]
    targets = [("yes" if target.met else "no", target.name, target.found) for target in results.targets]
    return "\n".join([*lines, "", *_markdown_rows(("met", "target", "found"), targets)])


def _markdown_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows)]


def _push_rows(cost: PushCost) -> list[tuple[str, ...]]:
    medians = ((one, statistics.median(one.podshift), statistics.median(one.bare)) for one in cost.pairs)
    return [(str(one.other_apps), f"{ours:.2f} s", f"{bare:.2f} s", f"{one.ratio:.2f}") for one, ours, bare in medians]


def _row(one: Measured) -> tuple[str, ...]:
    rotations, throughput = one.rotations, one.throughput
    return (
        one.title,
        *(_count(rotations.failed[kind] / (rotations.rotations or 1)) for kind in KINDS),
        f"{throughput.per_second:,.0f}",
        f"{throughput.share:.2f}",
        f"{rotations.p99_without * 1000:.0f} ms",
        f"{rotations.p99_during * 1000:.0f} ms",
        f"{rotations.switch_median:.3f} s",
        f"{rotations.resident_mb:.0f} MB",
    )


def _count(number: float) -> str:
    return f"{number:.1f}" if number else "0"


def _lost(one: Measured) -> str:
    reasons = [f"{count:,} {reason}" for reason, count in one.rotations.reasons.items()]
    return f", lost: {', '.join(reasons)}" if reasons else ""


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with the first column to the left and all others to the right."""
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join((first.ljust(widths[0]), *cells))
