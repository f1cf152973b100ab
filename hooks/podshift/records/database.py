"""The connection: opened, migrated, and with errors that a person can read."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from podshift.errors import PodshiftError
from podshift.records.schema import MIGRATIONS


class Database:
    """An open database file, 0600."""

    def __init__(self, path: Path) -> None:
        _create(path)
        with _readable_errors():
            # autocommit: transaction() says where one begins; 10 s is how long a writer waits for another
            self.database = sqlite3.connect(path, timeout=10, isolation_level=None)
            self.database.row_factory = sqlite3.Row
            try:
                self._prepare()
            except BaseException:
                self.database.close()
                raise

    def _prepare(self) -> None:
        self.database.execute("PRAGMA foreign_keys = ON")
        self.database.execute("PRAGMA synchronous = FULL")
        if self._version() < len(MIGRATIONS):
            self.database.execute("PRAGMA journal_mode = WAL")
            self._migrate()
        if self._version() > len(MIGRATIONS):
            raise PodshiftError("the records are of a newer podshift", hint="install that version again")

    def _version(self) -> int:
        return int(self.database.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        """All steps or none; of several processes that come at once, the first does it."""
        with self.transaction():
            for script in MIGRATIONS[self._version() :]:
                for statement in script.split(";"):  # executescript() would end the transaction
                    self.database.execute(statement)
            self.database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def close(self) -> None:
        self.database.close()

    def copy_to(self, path: Path) -> None:
        """A whole copy as of now, in a new file, while others write."""
        with _readable_errors():
            target = sqlite3.connect(path)
            try:
                self.database.backup(target)
            finally:
                target.close()

    def check(self) -> None:
        """Raises PodshiftError for a damaged database, and one from a newer podshift."""
        with _readable_errors():
            (found,) = self.database.execute("PRAGMA quick_check(1)").fetchone()
            (version,) = self.database.execute("PRAGMA user_version").fetchone()
        if found != "ok":
            raise PodshiftError(f"the records are damaged: {found}", hint="podshift restore FILE")
        if version > len(MIGRATIONS):
            raise PodshiftError("the records are from a newer podshift", hint="upgrade this one")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does."""
        with _readable_errors():
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.database.execute("COMMIT")
            except BaseException:
                if self.database.in_transaction:
                    self.database.execute("ROLLBACK")
                raise

    def _rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with _readable_errors(), _text_only():
            return self.database.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: Any) -> None:
        with _readable_errors(), _text_only():
            self.database.execute(statement, values)


def _create(path: Path) -> None:
    """Only where it is not there: closing any descriptor of a file lets go of SQLite's own locks on it."""
    if not path.exists():
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError as error:
            raise PodshiftError(f"the records cannot be made: {error}", hint="podshift init") from error


@contextmanager
def _text_only() -> Iterator[None]:
    """For one statement. SQLite's own error has the whole value, which may be a secret."""
    try:
        yield
    except UnicodeEncodeError:
        raise PodshiftError("what is not UTF-8 text has no place in the records", hint="say it in UTF-8") from None


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        hint = "df -h; podshift doctor" if "full" in str(error) else "podshift doctor"
        raise PodshiftError(f"the records cannot be used: {error}", hint=hint) from error
    except sqlite3.DatabaseError as error:
        raise PodshiftError(f"the records are damaged: {error}", hint="podshift restore FILE") from error
