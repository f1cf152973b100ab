"""Releases, and the containers that the live ones should have."""

import sqlite3
import time
from collections.abc import Sequence

from podshift.errors import PodshiftError
from podshift.model import State
from podshift.records.database import Database
from podshift.records.rows import Placed, Release


class ReleaseRecords(Database):
    """Every release of every app, and what runs of the live ones."""

    def add_release(
        self,
        app: str,
        *,
        commit: str,
        subject: str,
        state: State,
        pushed_by: str,
        of: Release | None = None,
        rollback_of: int | None = None,
        branch: str | None = None,
        message: str | None = None,
    ) -> Release:
        """A new release, numbered one above the app's highest; one made `of` another runs its image."""
        number = self._rows("SELECT coalesce(max(number), 0) + 1 AS n FROM releases WHERE app = ?", app)[0]["n"]
        image = of.image if of else f"localhost/podshift/{app}:v{number}"
        self._write(
            "INSERT INTO releases (app, number, commit_id, subject, state, image, pushed_by, at,"
            " manifest, procfile, app_json, port, healthcheck, rollback_of, branch, message, path)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " coalesce(?, (SELECT path FROM apps WHERE name = ?)))",
            app, number, commit, subject, state, image, pushed_by, time.time(),
            of and of.manifest, of and of.procfile, of and of.app_json, of.port if of else 8080,
            bool(of and of.healthcheck), rollback_of, branch, message, of and of.path, app,
        )  # fmt: skip
        return self.release(app, number)

    def describe_release(
        self, release: Release, *, manifest: str | None, procfile: str | None, app_json: str | None = None
    ) -> None:
        self._write(
            "UPDATE releases SET manifest = ?, procfile = ?, app_json = ? WHERE app = ? AND number = ?",
            manifest, procfile, app_json, release.app, release.number,
        )  # fmt: skip

    def start_release(self, release: Release, port: int, *, healthcheck: bool = False) -> None:
        self._write(
            "UPDATE releases SET state = ?, port = ?, healthcheck = ? WHERE app = ? AND number = ?",
            State.STARTING, port, healthcheck, release.app, release.number,
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

    def newest(self) -> float:
        """When the newest release of any app began; 0.0 without any."""
        return float(self._rows("SELECT coalesce(max(at), 0) AS at FROM releases")[0]["at"])

    def building(self, *, except_for: str) -> bool:
        """Is an image of any other app being built?"""
        rows = self._rows("SELECT 1 FROM releases WHERE state = ? AND app != ? LIMIT 1", State.BUILDING, except_for)
        return bool(rows)

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

    def containers(self) -> dict[str, list[Placed]]:
        """What should run, by app."""
        found: dict[str, list[Placed]] = {}
        for row in self._rows("SELECT * FROM containers ORDER BY rowid"):
            values = dict(row)
            found.setdefault(values.pop("app"), []).append(Placed(**values))
        return found


def _release(row: sqlite3.Row) -> Release:
    values = dict(row)
    values["commit"] = values.pop("commit_id")
    return Release(**{**values, "state": State(values["state"]), "healthcheck": bool(values["healthcheck"])})
