"""Apps and their domains."""

import sqlite3
import time
from collections.abc import Callable, Sequence

from podshift.errors import PodshiftError
from podshift.records.database import Database
from podshift.records.rows import App, NewApp


class AppRecords(Database):
    """The apps of the installation."""

    def add_app(self, new: NewApp, *, backend: int, subnet: str) -> None:
        """All but its domains: add_domain()."""
        self._write(
            "INSERT INTO apps (name, branch, gate, path, origin, origin_trusted, object_format, proxy, backend, subnet,"
            " created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            new.name, new.branch, new.gate, new.path, new.origin, new.origin_trusted, new.object_format, new.proxy,
            backend, subnet, time.time(),
        )  # fmt: skip

    def remove_app(self, app: str) -> None:
        self._write("DELETE FROM apps WHERE name = ?", app)

    def set_gate(self, app: str, gate: bool) -> None:
        self._write("UPDATE apps SET gate = ? WHERE name = ?", gate, app)

    def set_path(self, app: str, path: str) -> None:
        """Where in the repository the releases to come are made from."""
        self._write("UPDATE apps SET path = ? WHERE name = ?", path, app)

    def set_origin(self, app: str, origin: str, *, trusted: bool) -> None:
        """`trusted`: an operator gave it."""
        self._write("UPDATE apps SET origin = ?, origin_trusted = ? WHERE name = ?", origin, trusted, app)

    def set_maintenance(self, app: str, message: str | None) -> None:
        """What the page says that stands before the app; None takes it away."""
        self._write("UPDATE apps SET maintenance = ? WHERE name = ?", message, app)

    def set_https(self, app: str, *, redirect: bool, hsts: int | None) -> None:
        """Whether http is sent to https, and for how many seconds browsers shall ask by https alone."""
        self._write("UPDATE apps SET redirect = ?, hsts = ? WHERE name = ?", redirect, hsts, app)

    def move_app(self, app: App, subnet: str, moved: Callable[[str], str]) -> None:
        """The app's network has other addresses now. Call inside a transaction."""
        self._write("UPDATE apps SET subnet = ? WHERE name = ?", subnet, app.name)
        for row in self._rows("SELECT name, address FROM containers WHERE app = ?", app.name):
            self._write(
                "UPDATE containers SET address = ? WHERE app = ? AND name = ?",
                moved(row["address"]), app.name, row["name"],
            )  # fmt: skip

    def apps(self) -> list[App]:
        """Every app, the oldest first."""
        domains = self._by_app("SELECT app, domain FROM domains ORDER BY rowid")
        links = self._by_app("SELECT app, other FROM grants WHERE what LIKE 'link:%' ORDER BY what")
        return [
            _app(row, domains.get(row["name"], ()), links.get(row["name"], ()))
            for row in self._rows("SELECT * FROM apps ORDER BY created, name")
        ]

    def names(self) -> set[str]:
        """Of all apps."""
        return {row["name"] for row in self._rows("SELECT name FROM apps")}

    def _by_app(self, statement: str) -> dict[str, tuple[str, ...]]:
        """The second column's values of each app, which is the first."""
        found: dict[str, tuple[str, ...]] = {}
        for app, value in self._rows(statement):
            found[app] = (*found.get(app, ()), value)
        return found

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

    def no_backend(self) -> int:
        """A number below 0, for an app that has none."""
        return min([0, *(app.backend for app in self.apps())]) - 1

    def domain_owner(self, domain: str) -> str | None:
        rows = self._rows("SELECT app FROM domains WHERE domain = ?", domain)
        return rows[0]["app"] if rows else None

    def add_domain(self, app: str, domain: str) -> None:
        self._write("INSERT INTO domains (domain, app) VALUES (?, ?)", domain, app)

    def remove_domain(self, app: str, domain: str) -> None:
        self._write("DELETE FROM domains WHERE domain = ? AND app = ?", domain, app)


def _app(row: sqlite3.Row, domains: Sequence[str], links: Sequence[str]) -> App:
    flags = {name: bool(row[name]) for name in ("gate", "redirect", "origin_trusted")}
    return App(**{**dict(row), **flags, "domains": tuple(domains), "links": tuple(links)})
