"""The running count of a load. One thread writes it; others may read the plain numbers at any time."""

import time
from array import array
from collections import Counter

from load.result import Failure, Result, Seen

KEPT_FAILURES = 100


class Tally:
    def __init__(self) -> None:
        self.began = time.time()
        self._zero = time.perf_counter()
        self.requests = 0
        self.failed = 0
        self.versions: dict[str, Seen] = {}
        self._by_kind: Counter[str] = Counter()
        self._by_method: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._latencies = array("d")

    def now(self) -> float:
        """Seconds since the load began."""
        return time.perf_counter() - self._zero

    def answered(self, label: str, version: str, sent: float, *, quick: bool) -> None:
        now = self.now()
        self._count(label)
        if quick:
            self._latencies.append(now - sent)
        seen = self.versions.get(version)
        self.versions[version] = Seen(seen.first, now, seen.answers + 1) if seen else Seen(now, now, 1)

    def lost(self, label: str, kind: str, method: str, target: str, sent: float) -> None:
        now = self.now()
        self._count(label)
        self.failed += 1
        self._by_kind[kind] += 1
        if len(self._failures) < KEPT_FAILURES:
            self._failures.append(Failure(now, now - sent, kind, method, target))

    def _count(self, label: str) -> None:
        self.requests += 1
        self._by_method[label] += 1

    def result(self) -> Result:
        ordered = sorted(self._latencies) or [0.0]
        return Result(
            began=self.began,
            seconds=self.now(),
            requests=self.requests,
            failed=self.failed,
            by_kind=dict(self._by_kind),
            by_method=dict(self._by_method),
            failures=tuple(self._failures),
            versions=dict(self.versions),
            p50=ordered[len(ordered) // 2],
            p99=ordered[len(ordered) * 99 // 100],
            longest=ordered[-1],
        )
