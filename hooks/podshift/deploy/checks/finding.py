"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A warning is something to know; an error keeps podshift from doing its work."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and when it is not as it should be, what to type."""

    check: str
    level: Level
    found: str
    fix: str = ""

    @property
    def ok(self) -> bool:
        return self.level is Level.OK


def fine(check: str, found: str) -> Finding:
    return Finding(check, Level.OK, found)


def warning(check: str, found: str, fix: str) -> Finding:
    return Finding(check, Level.WARNING, found, fix)


def error(check: str, found: str, fix: str) -> Finding:
    return Finding(check, Level.ERROR, found, fix)
