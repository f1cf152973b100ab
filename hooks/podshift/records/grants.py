"""What the operator granted to apps, in the words of podshift.grants."""

from podshift.records.database import Database


class GrantRecords(Database):
    """Grants go with their app, and with the app that they name."""

    def grants(self, app: str) -> list[str]:
        return [row["what"] for row in self._rows("SELECT what FROM grants WHERE app = ? ORDER BY what", app)]

    def add_grant(self, app: str, what: str, other: str | None) -> None:
        """`other` is the app that it names; None: it names none."""
        self._write("INSERT OR IGNORE INTO grants (app, what, other) VALUES (?, ?, ?)", app, what, other)

    def remove_grant(self, app: str, what: str) -> None:
        self._write("DELETE FROM grants WHERE app = ? AND what = ?", app, what)
