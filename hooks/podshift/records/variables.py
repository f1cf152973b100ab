"""Config variables: today's of each app, and the snapshot that each release was made with."""

from collections.abc import Mapping

from podshift.records.database import Database
from podshift.records.rows import Release


class VariableRecords(Database):
    """Values are text, byte for byte as they were given."""

    def variables(self, app: str) -> dict[str, str]:
        """Today's: what the next release will be made with."""
        rows = self._rows("SELECT name, value FROM variables WHERE app = ? ORDER BY name", app)
        return {row["name"]: row["value"] for row in rows}

    def replace_variables(self, app: str, variables: Mapping[str, str]) -> None:
        """Call inside a transaction."""
        self._write("DELETE FROM variables WHERE app = ?", app)
        for name, value in variables.items():
            self._write("INSERT INTO variables (app, name, value) VALUES (?, ?, ?)", app, name, value)

    def release_variables(self, release: Release) -> dict[str, str]:
        """What this release was made with."""
        rows = self._rows(
            "SELECT name, value FROM release_variables WHERE app = ? AND number = ? ORDER BY name",
            release.app, release.number,
        )  # fmt: skip
        return {row["name"]: row["value"] for row in rows}

    def keep_snapshot(self, release: Release, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            self._write(
                "INSERT INTO release_variables (app, number, name, value) VALUES (?, ?, ?, ?)",
                release.app, release.number, name, value,
            )  # fmt: skip

    def build_variables(self, app: str) -> dict[str, str]:
        """The secrets of its builds: no release keeps them."""
        rows = self._rows("SELECT name, value FROM build_variables WHERE app = ? ORDER BY name", app)
        return {row["name"]: row["value"] for row in rows}

    def replace_build_variables(self, app: str, variables: Mapping[str, str]) -> None:
        """Call inside a transaction."""
        self._write("DELETE FROM build_variables WHERE app = ?", app)
        for name, value in variables.items():
            self._write("INSERT INTO build_variables (app, name, value) VALUES (?, ?, ?)", app, name, value)

    def scale(self, app: str) -> dict[str, int]:
        """How many containers of a process the operator asked for; the manifest says it for the others."""
        rows = self._rows("SELECT process, replicas FROM scales WHERE app = ?", app)
        return {row["process"]: row["replicas"] for row in rows}

    def set_scale(self, app: str, process: str, replicas: int | None) -> None:
        """None: the manifest says it again."""
        if replicas is None:
            self._write("DELETE FROM scales WHERE app = ? AND process = ?", app, process)
            return
        self._write("INSERT OR REPLACE INTO scales (app, process, replicas) VALUES (?, ?, ?)", app, process, replicas)
