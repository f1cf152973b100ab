"""The apps' deploy keys: by them an app's fetches are let in elsewhere."""

from dataclasses import dataclass, field

from podshift.records.database import Database


@dataclass(frozen=True, slots=True)
class DeployKey:
    """Both halves as text; both are empty where there is none."""

    private: str = field(default="", repr=False)
    public: str = ""


class DeployKeyRecords(Database):
    """A key goes with its app."""

    def deploy_key(self, app: str) -> DeployKey:
        rows = self._rows("SELECT private, public FROM deploy_keys WHERE app = ?", app)
        return DeployKey(**dict(rows[0])) if rows else DeployKey()

    def set_deploy_key(self, app: str, key: DeployKey) -> None:
        self._write("INSERT OR REPLACE INTO deploy_keys VALUES (?, ?, ?)", app, key.private, key.public)
