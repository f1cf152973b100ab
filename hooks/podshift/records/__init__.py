"""What should run, and what happened: SQLite in the installation's home."""

from podshift.records.apps import AppRecords
from podshift.records.deploykeys import DeployKey, DeployKeyRecords
from podshift.records.events import PUSH, SKIPPED, EventRecords
from podshift.records.grants import GrantRecords
from podshift.records.keys import KeyRecords
from podshift.records.releases import ReleaseRecords
from podshift.records.rows import ALIAS, HAPROXY, App, Event, Key, NewApp, Notifier, Placed, Release
from podshift.records.variables import VariableRecords

__all__ = [
    "ALIAS",
    "HAPROXY",
    "PUSH",
    "SKIPPED",
    "App",
    "DeployKey",
    "Event",
    "Key",
    "NewApp",
    "Notifier",
    "Placed",
    "Records",
    "Release",
]


class Records(AppRecords, ReleaseRecords, VariableRecords, EventRecords, KeyRecords, GrantRecords, DeployKeyRecords):
    """All that podshift remembers. Methods raise PodshiftError when the database cannot be used."""
