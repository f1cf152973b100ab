"""Whose SSH keys may use this installation, and for what."""

import sqlite3
from collections.abc import Iterable

from podshift.errors import PodshiftError
from podshift.records.database import Database
from podshift.records.rows import Key


class KeyRecords(Database):
    """The keys; the block in authorized_keys is made of them. An app that is destroyed leaves every key's list."""

    def all_keys(self) -> list[Key]:
        """Every key, the oldest first."""
        apps: dict[str, list[str]] = {}
        for row in self._rows("SELECT fingerprint, app FROM key_apps ORDER BY rowid"):
            apps.setdefault(row["fingerprint"], []).append(row["app"])
        rows = self._rows("SELECT * FROM keys ORDER BY added, name")
        return [_key(row, apps.get(row["fingerprint"], ())) for row in rows]

    def key(self, name: str) -> Key:
        for key in self.all_keys():
            if key.name.lower() == name.lower():
                return key
        raise PodshiftError(f"there is no key {name!r}", hint="podshift keys list")

    def keep_key(self, key: Key) -> None:
        """A new key, or other rights for one that is there. Call inside a transaction."""
        self._write("DELETE FROM keys WHERE fingerprint = ?", key.fingerprint)
        self._write(
            "INSERT INTO keys (fingerprint, name, type, blob, admin, creates, added) VALUES (?, ?, ?, ?, ?, ?, ?)",
            key.fingerprint, key.name, key.type, key.blob, key.admin, key.creates, key.added,
        )  # fmt: skip
        for app in key.apps:
            self.grant_app(key.fingerprint, app)

    def remove_key(self, key: Key) -> None:
        self._write("DELETE FROM keys WHERE fingerprint = ?", key.fingerprint)

    def grant_app(self, fingerprint: str, app: str) -> None:
        self._write("INSERT OR IGNORE INTO key_apps (fingerprint, app) VALUES (?, ?)", fingerprint, app)


def _key(row: sqlite3.Row, apps: Iterable[str]) -> Key:
    values = {**dict(row), "admin": bool(row["admin"]), "creates": bool(row["creates"])}
    return Key(**values, apps=tuple(apps))
