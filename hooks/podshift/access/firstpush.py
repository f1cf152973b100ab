"""A push to a name that is no app yet, by a key that may make one: the app comes first, then git takes the push."""

from podshift.deploy.app.apps import create_app
from podshift.deploy.events.record import record
from podshift.deploy.installation import Installation
from podshift.deploy.server.status import urls
from podshift.errors import PodshiftError
from podshift.records import Key, NewApp
from podshift.report import Log
from podshift.settings import Home


def make_app(home: Home, key: Key, name: str) -> None:
    """Standard output is git's; what is said goes to standard error. Raises PodshiftError."""
    with Installation(home) as installation, Log.on(2) as log:
        owner = None if key.admin else key.fingerprint
        try:
            app = create_app(installation, NewApp(name), log, owner=owner)
        except PodshiftError:
            if not _is_ours(installation, key, name):
                raise
            return
        record(installation, name, "create", key.name, "by a first push")
        log.line(f"{name} is new, and was made for this push; it will answer at {' '.join(urls(installation, app))}")


def _is_ours(installation: Installation, key: Key, name: str) -> bool:
    """Has another push made it meanwhile, for this very key?"""
    records = installation.records
    return any(app.name == name for app in records.apps()) and records.key(key.name).may_use(name)
