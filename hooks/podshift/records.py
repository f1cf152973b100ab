"""What should run, and what happened: SQLite in the installation's home."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podshift.errors import PodshiftError
from podshift.model import State

# One script a version of the schema, in order; PRAGMA user_version counts those that were run.
MIGRATIONS = (
    """
    CREATE TABLE apps (
        name TEXT PRIMARY KEY, branch TEXT NOT NULL, gate INTEGER NOT NULL DEFAULT 0,
        backend INTEGER NOT NULL UNIQUE, subnet TEXT NOT NULL, created REAL NOT NULL,
        live INTEGER);
    CREATE TABLE domains (
        domain TEXT PRIMARY KEY, app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE);
    CREATE TABLE releases (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, number INTEGER NOT NULL,
        commit_id TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
        image TEXT NOT NULL, manifest TEXT, procfile TEXT, port INTEGER NOT NULL DEFAULT 8080,
        pushed_by TEXT NOT NULL, at REAL NOT NULL, seconds REAL, error TEXT, rollback_of INTEGER,
        PRIMARY KEY (app, number));
    CREATE TABLE containers (
        app TEXT NOT NULL REFERENCES apps ON DELETE CASCADE, name TEXT NOT NULL, process TEXT NOT NULL,
        address TEXT NOT NULL, port INTEGER NOT NULL, ready_path TEXT NOT NULL, hold INTEGER NOT NULL,
        PRIMARY KEY (app, name));
    """,
)


@dataclass(frozen=True, slots=True)
class App:
    """`backend` is the number of its ready-made backend in the proxy; `live` its live release, if any."""

    name: str
    branch: str
    gate: bool
    backend: int
    subnet: str
    created: float
    live: int | None
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A numbered attempt to run an image. `at` in seconds since the epoch, `seconds` how long it took."""

    app: str
    number: int
    commit: str
    subject: str
    state: State
    image: str
    manifest: str | None
    procfile: str | None
    port: int
    pushed_by: str
    at: float
    seconds: float | None
    error: str | None
    rollback_of: int | None

    @property
    def name(self) -> str:
        return f"v{self.number}"


@dataclass(frozen=True, slots=True)
class Placed:
    """A container that should run: its place on the app's network, and how the proxy treats it.

    `hold`: seconds that the proxy lets a request wait while the app has no container that answers.
    """

    name: str
    process: str
    address: str
    port: int
    ready_path: str = "/"
    hold: int = 0

    @property
    def is_web(self) -> bool:
        return self.process == "web"


class Records:
    """All that podshift remembers. Methods raise PodshiftError when the database cannot be used."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        # autocommit: transaction() says where one begins; 10 s is how long a writer waits for another
        self.database = sqlite3.connect(path, timeout=10, isolation_level=None)
        self.database.row_factory = sqlite3.Row
        with _readable_errors():
            self._prepare()

    def _prepare(self) -> None:
        self.database.execute("PRAGMA foreign_keys = ON")
        self.database.execute("PRAGMA synchronous = FULL")
        (version,) = self.database.execute("PRAGMA user_version").fetchone()
        if version < len(MIGRATIONS):
            self.database.execute("PRAGMA journal_mode = WAL")
            for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
                self.database.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")

    def close(self) -> None:
        self.database.close()

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

    # apps

    def add_app(self, app: str, *, branch: str, gate: bool, backend: int, subnet: str) -> None:
        self._write(
            "INSERT INTO apps (name, branch, gate, backend, subnet, created) VALUES (?, ?, ?, ?, ?, ?)",
            app, branch, gate, backend, subnet, time.time(),
        )  # fmt: skip

    def remove_app(self, app: str) -> None:
        self._write("DELETE FROM apps WHERE name = ?", app)

    def set_gate(self, app: str, gate: bool) -> None:
        self._write("UPDATE apps SET gate = ? WHERE name = ?", gate, app)

    def apps(self) -> list[App]:
        """Every app, the oldest first."""
        domains: dict[str, list[str]] = {}
        for row in self._rows("SELECT domain, app FROM domains ORDER BY rowid"):
            domains.setdefault(row["app"], []).append(row["domain"])
        return [
            App(**{**row, "gate": bool(row["gate"]), "domains": tuple(domains.get(row["name"], ()))})
            for row in self._rows("SELECT * FROM apps ORDER BY created, name")
        ]

    def app(self, name: str) -> App:
        for app in self.apps():
            if app.name == name:
                return app
        raise PodshiftError(f"there is no app {name!r}", hint="podshift apps lists them; podshift create makes one")

    def free_backend(self, backends: int) -> int:
        used = {app.backend for app in self.apps()}
        free = next((number for number in range(backends) if number not in used), None)
        if free is None:
            raise PodshiftError(
                f"all {backends} backends of the proxy are taken",
                hint=f"podshift init --backends {2 * backends}",
            )
        return free

    # domains

    def domain_owner(self, domain: str) -> str | None:
        rows = self._rows("SELECT app FROM domains WHERE domain = ?", domain)
        return rows[0]["app"] if rows else None

    def add_domain(self, app: str, domain: str) -> None:
        self._write("INSERT INTO domains (domain, app) VALUES (?, ?)", domain, app)

    # releases

    def add_release(
        self, app: str, *, commit: str, subject: str, state: State, pushed_by: str, of: Release | None = None
    ) -> Release:
        """A new release, numbered one above the app's highest; a rollback `of` another takes its image."""
        number = self._rows("SELECT coalesce(max(number), 0) + 1 AS n FROM releases WHERE app = ?", app)[0]["n"]
        image = of.image if of else f"localhost/podshift/{app}:v{number}"
        self._write(
            "INSERT INTO releases (app, number, commit_id, subject, state, image, pushed_by, at,"
            " manifest, procfile, port, rollback_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            app, number, commit, subject, state, image, pushed_by, time.time(),
            of and of.manifest, of and of.procfile, of.port if of else 8080, of and of.number,
        )  # fmt: skip
        return self.release(app, number)

    def describe_release(self, release: Release, *, manifest: str | None, procfile: str | None) -> None:
        self._write(
            "UPDATE releases SET manifest = ?, procfile = ? WHERE app = ? AND number = ?",
            manifest, procfile, release.app, release.number,
        )  # fmt: skip

    def start_release(self, release: Release, port: int) -> None:
        self._write(
            "UPDATE releases SET state = ?, port = ? WHERE app = ? AND number = ?",
            State.STARTING, port, release.app, release.number,
        )  # fmt: skip

    def end_release(self, release: Release, state: State, error: str | None = None) -> None:
        self._write(
            "UPDATE releases SET state = ?, error = ?, seconds = ? WHERE app = ? AND number = ?",
            state, error, time.time() - release.at, release.app, release.number,
        )  # fmt: skip

    def go_live(self, release: Release, containers: Sequence[Placed]) -> None:
        """The commit point: `release` is live, the earlier one retired. Call inside a transaction."""
        self._write(
            "UPDATE releases SET state = ? WHERE app = ? AND state = ? AND number != ?",
            State.RETIRED, release.app, State.LIVE, release.number,
        )  # fmt: skip
        if release.state is not State.LIVE:
            self.end_release(release, State.LIVE)
        self._write("UPDATE apps SET live = ? WHERE name = ?", release.number, release.app)
        self._write("DELETE FROM containers WHERE app = ?", release.app)
        for one in containers:
            self._write(
                "INSERT INTO containers (app, name, process, address, port, ready_path, hold)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                release.app, one.name, one.process, one.address, one.port, one.ready_path, one.hold,
            )  # fmt: skip

    def turn_back(self, release: Release, earlier: Release, containers: Sequence[Placed]) -> None:
        """Take go_live() back: `earlier` and its containers are what should run. Call inside a transaction."""
        for one, state in ((release, State.FAILED), (earlier, State.LIVE)):
            self._write("UPDATE releases SET state = ? WHERE app = ? AND number = ?", state, one.app, one.number)
        self.go_live(earlier, containers)

    def fail_unfinished(self, app: str, error: str) -> None:
        """Releases that a killed deployer left behind, called by who holds the app's lock."""
        self._write(
            "UPDATE releases SET state = ?, error = ? WHERE app = ? AND state IN (?, ?)",
            State.FAILED, error, app, State.BUILDING, State.STARTING,
        )  # fmt: skip

    def releases(self, app: str) -> list[Release]:
        """Newest first."""
        return [_release(row) for row in self._rows("SELECT * FROM releases WHERE app = ? ORDER BY number DESC", app)]

    def release(self, app: str, number: int) -> Release:
        rows = self._rows("SELECT * FROM releases WHERE app = ? AND number = ?", app, number)
        if not rows:
            raise PodshiftError(f"{app} has no release v{number}", hint=f"podshift releases {app}")
        return _release(rows[0])

    def live_release(self, app: str) -> Release | None:
        rows = self._rows("SELECT * FROM releases WHERE app = ? AND state = ?", app, State.LIVE)
        return _release(rows[0]) if rows else None

    # containers

    def containers(self) -> dict[str, list[Placed]]:
        """What should run, by app."""
        found: dict[str, list[Placed]] = {}
        for row in self._rows("SELECT * FROM containers ORDER BY rowid"):
            values = dict(row)
            found.setdefault(values.pop("app"), []).append(Placed(**values))
        return found

    def _rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with _readable_errors():
            return self.database.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: Any) -> None:
        with _readable_errors():
            self.database.execute(statement, values)


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        hint = "df -h; podshift doctor" if "full" in str(error) else "podshift doctor"
        raise PodshiftError(f"the records cannot be used: {error}", hint=hint) from error
    except sqlite3.DatabaseError as error:
        raise PodshiftError(f"the records are damaged: {error}", hint="podshift restore FILE") from error


def _release(row: sqlite3.Row) -> Release:
    values = dict(row)
    values["commit"] = values.pop("commit_id")
    return Release(**{**values, "state": State(values["state"])})
