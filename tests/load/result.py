"""What a load has seen, as frozen values. Times are seconds, and count from the load's beginning."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Failure:
    """One lost request. `at` is when it was found lost, `after` how long it had been under way."""

    at: float
    after: float
    kind: str
    method: str
    target: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.method} {self.target} at {self.at:.3f} s, after {in_ms(self.after)}"


@dataclass(frozen=True, slots=True)
class Seen:
    """When answers of one version began and ended to come."""

    first: float
    last: float
    answers: int


@dataclass(frozen=True, slots=True)
class Result:
    """`requests` counts all, lost ones too. The latencies leave out the slow clients and lost requests."""

    began: float
    """The load's beginning as a Unix time."""
    seconds: float
    requests: int
    failed: int
    by_kind: Mapping[str, int]
    by_method: Mapping[str, int]
    """Requests by method; the slow clients' ones are `slow`."""
    failures: tuple[Failure, ...]
    """The first 100 in full."""
    versions: Mapping[str, Seen]
    p50: float
    p99: float
    longest: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        """One line; the versions with the times of their first and last answer."""
        parts = [
            f"{self.requests:,} requests in {self.seconds:.1f} s, {self.failed:,} failed",
            f"p50 {in_ms(self.p50)}, p99 {in_ms(self.p99)}, longest {in_ms(self.longest)}",
            ", ".join(f"{name} {seen.first:.2f}-{seen.last:.2f} s" for name, seen in self.versions.items()),
        ]
        if self.failed:
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.by_kind.items())
            parts.append(f"lost: {kinds}; first {self.failures[0]}")
        return " · ".join(filter(None, parts))


def in_ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
