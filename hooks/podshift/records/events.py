"""What happened, by whom, and who is to be told."""

import sqlite3
from collections.abc import Sequence

from podshift.errors import PodshiftError
from podshift.records.database import Database
from podshift.records.rows import Event, Notifier

# The event of a push with `-o skip`.
PUSH, SKIPPED = "push", "skipped"
COLUMNS = "at, app, kind, outcome, asked_by, release, commit_id, what, error"


class EventRecords(Database):
    """Events outlive their app. Notifiers have the number that `podshift notify remove` takes."""

    def add_event(self, event: Event) -> None:
        self._write(
            f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            event.at, event.app, event.kind, event.outcome, event.by, event.release, event.commit, event.what,
            event.error,
        )  # fmt: skip

    def events(self, app: str | None, count: int) -> list[Event]:
        """So many of the newest, of one app or of all; the oldest of them first."""
        rows = self._rows(
            f"SELECT {COLUMNS} FROM events WHERE ?1 IS NULL OR app = ?1 ORDER BY number DESC LIMIT ?2",  # noqa: S608
            app, count,
        )  # fmt: skip
        return [_event(row) for row in reversed(rows)]

    def events_of(self, apps: Sequence[str], count: int) -> list[Event]:
        """So many of the newest of these apps since each was made; the oldest of them first.

        What was before concerned another app of that name, which may have been somebody else's.
        """
        marks = ", ".join("?" * len(apps))
        rows = self._rows(
            f"SELECT {COLUMNS} FROM events WHERE app IN ({marks})"  # noqa: S608
            " AND at >= (SELECT created FROM apps WHERE name = events.app) ORDER BY number DESC LIMIT ?",
            *apps, count,
        )  # fmt: skip
        return [_event(row) for row in reversed(rows)]

    def skipped(self, app: str) -> list[str]:
        """Commits that were pushed to the deploy branch and not to be deployed, the newest first."""
        rows = self._rows(
            "SELECT commit_id FROM events WHERE app = ? AND kind = ? AND outcome = ? ORDER BY number DESC",
            app, PUSH, SKIPPED,
        )  # fmt: skip
        return [row["commit_id"] for row in rows]

    def is_untold(self, app: str, release: int, since: float) -> bool:
        """Whether no event tells of a release that began at `since`, though older events are still kept."""
        (row,) = self._rows(
            "SELECT coalesce(min(at), 0) <= ?3 AND coalesce(max(at) FILTER (WHERE app = ?1 AND release = ?2), 0) < ?3"
            " AS untold FROM events",
            app, release, since,
        )  # fmt: skip
        return bool(row["untold"])

    def forget_events(self, *, keep: int) -> None:
        """All but the newest."""
        self._write("DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?", keep)

    def notifiers(self) -> list[Notifier]:
        return [Notifier(**dict(row)) for row in self._rows("SELECT * FROM notifiers ORDER BY number")]

    def add_notifier(self, target: str) -> Notifier:
        """Raises PodshiftError for one that is there already."""
        if any(one.target == target for one in self.notifiers()):
            raise PodshiftError("that is notified already", hint="podshift notify list")
        self._write("INSERT INTO notifiers (target) VALUES (?)", target)
        return self.notifiers()[-1]

    def remove_notifier(self, number: int) -> Notifier:
        """Raises PodshiftError when there is none of this number."""
        for one in self.notifiers():
            if one.number == number:
                self._write("DELETE FROM notifiers WHERE number = ?", number)
                return one
        raise PodshiftError(f"there is no notifier {number}", hint="podshift notify list")

    def note_result(self, number: int, at: float, result: str) -> None:
        """What came of the newest notification."""
        self._write("UPDATE notifiers SET at = ?, result = ? WHERE number = ?", at, result, number)


def _event(row: sqlite3.Row) -> Event:
    values = dict(row)
    return Event(by=values.pop("asked_by"), commit=values.pop("commit_id"), **values)
