"""What a deploy tells: its log, the spectator that relays it, and the picture at its end."""

from podshift.report.drawing import Instants, summary, timeline
from podshift.report.log import Log
from podshift.report.spectator import follow
from podshift.report.text import WIDTH, both_ends, columns, printable, shorten, wrap
from podshift.report.words import ago, count, duration

__all__ = [
    "WIDTH",
    "Instants",
    "Log",
    "ago",
    "both_ends",
    "columns",
    "count",
    "duration",
    "follow",
    "printable",
    "shorten",
    "summary",
    "timeline",
    "wrap",
]
