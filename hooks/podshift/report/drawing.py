"""The end of a deploy's report: the overlap of two releases, drawn to scale, and what crossed it."""

from typing import NamedTuple

from podshift.report.text import WIDTH, columns, printable, shorten
from podshift.report.words import count, duration

_WIDEST = 44
_NOTEWORTHY_STOP = 1.0  # seconds; a container that stops faster needs no figure


class Instants(NamedTuple):
    """When what happened, in seconds of one monotonic clock.

    `old_…` is None for what never happened: a first deploy, a drain whose time was up, an old container that
    would not go. `old_draining` defaults to the switch, or for stop-first (old stopped first) to `begin`.
    """

    begin: float
    new_started: float
    new_ready: float
    switched: float
    end: float
    old_drained: float | None = None
    old_stopped: float | None = None
    old_draining: float | None = None

    @property
    def drain_began(self) -> float:
        if self.old_draining is not None:
            return self.old_draining
        stop_first = self.old_stopped is not None and self.old_stopped <= self.new_started
        return self.begin if stop_first else self.switched


def timeline(at: Instants, new: str, old: str | None = None) -> list[str]:
    """One line a release, 72 columns at most: ━ ready for requests, ┄ starting, draining or stopping."""
    names = [new] if old is None else [old, new]
    labels = ([] if old is None else [_old_label(at)]) + [f"ready in {duration(at.new_ready - at.new_started)}"]
    name_width = max(map(len, names))
    width = min(_WIDEST, WIDTH - name_width - 3 - max(map(columns, labels)))
    bars = ([] if old is None else [_old_bar(at, width)]) + [_new_bar(at, width)]
    return [f"{name:<{name_width}} {bar}  {label}" for name, bar, label in zip(names, bars, labels, strict=True)]


def summary(app: str, release: int, commit: str, subject: str, *, requests: int | None = None, failed: int = 0) -> str:
    """What Log.success() says of a release that went live; the commit's subject is untrusted and shortened.

    `requests` and `failed` are the proxy's own counts over the overlap; None when there was nothing to cross.
    """
    frame = f'success: {app} v{release} ({commit[:7]} "") is live ·'
    room = WIDTH - columns(frame)
    quoted = f' "{shorten(printable(subject.strip()), room)}"' if subject.strip() and room >= 8 else ""
    text = f"{app} v{release} ({commit[:7]}{quoted}) is live"
    if requests is None:
        return text
    return f"{text} · {count(requests, 'request')} crossed the change, {failed:,} failed"


def _old_label(at: Instants) -> str:
    if at.old_stopped is None:
        return "still running"
    if at.old_drained is None:
        return f"not drained in {duration(at.old_stopped - at.drain_began)}, stopped"
    label = f"drained {duration(at.old_drained - at.drain_began)}, stopped"
    stopping = at.old_stopped - at.old_drained
    return f"{label} in {duration(stopping)}" if stopping >= _NOTEWORTHY_STOP else label


def _old_bar(at: Instants, width: int) -> str:
    draining = _column(at, at.drain_began, width)
    if at.old_stopped is None:
        return "━" * draining + "┄" * (width - draining)
    stopped = max(draining, _column(at, at.old_stopped, width))
    return ("━" * draining + "┄" * (stopped - draining) + "╸").ljust(width)


def _new_bar(at: Instants, width: int) -> str:
    started = min(_column(at, at.new_started, width), width - 2)
    ready = min(max(started + 1, _column(at, at.new_ready, width)), width - 1)
    return " " * started + "┠" + "┄" * (ready - started - 1) + "━" * (width - 1 - ready) + "❱"


def _column(at: Instants, instant: float, width: int) -> int:
    whole = at.end - at.begin
    share = (instant - at.begin) / whole if whole > 0 else 1.0
    return round(min(max(share, 0.0), 1.0) * (width - 1))
