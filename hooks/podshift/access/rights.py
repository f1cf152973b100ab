"""Which commands can be given over SSH, and by whom. What is not in the table cannot.

Not there on purpose: init, uninstall, backup, restore, install-service, edge, allow. Each is as good as a shell on the
server, or reads and writes its files, or says what an app may have of the server. For the same reason no parameter is
ever a path, and a notifier only a URL.
"""

from enum import StrEnum

from podshift.access.refusal import refused
from podshift.errors import PodshiftError
from podshift.records import Key


class Scope(StrEnum):
    """Who may give a command."""

    ANY = "every key"  # it sees the apps that it may use
    APP = "keys that may use the app"
    MAKE = "keys that may make apps"
    MAKER = "keys that may make apps and may use the app"
    ADMIN = "admins"


TABLE = {
    "apps": Scope.ANY,
    "status": Scope.ANY,
    "events": Scope.ANY,
    "create": Scope.MAKE,
    "destroy": Scope.MAKER,
    "releases": Scope.APP,
    "output": Scope.APP,
    "logs": Scope.APP,
    "deploy": Scope.APP,
    "rollback": Scope.APP,
    "restart": Scope.APP,
    "stop": Scope.APP,
    "start": Scope.APP,
    "cancel": Scope.APP,
    "gate": Scope.APP,
    "path": Scope.APP,
    "origin": Scope.APP,
    "deploy-key": Scope.APP,
    "domains": Scope.APP,
    "maintenance": Scope.APP,
    "https": Scope.APP,
    "config": Scope.APP,
    "scale": Scope.APP,
    "run": Scope.APP,
    "exec": Scope.APP,
    "render": Scope.APP,
    "up": Scope.ADMIN,
    "prune": Scope.ADMIN,
    "doctor": Scope.ADMIN,
    "keys": Scope.ADMIN,
    "notify": Scope.ADMIN,
}


def may_give(key: Key, command: str) -> bool:
    """May the key give this command at all?"""
    scope = TABLE.get(command)
    if scope in (Scope.MAKE, Scope.MAKER):
        return key.may_create
    return scope is not None and (key.admin or scope is not Scope.ADMIN)


def check(key: Key, command: str, app: str | None) -> None:
    """Raises PodshiftError for a command, or an app, that is not this key's."""
    if command not in TABLE:
        raise PodshiftError(f"{command} cannot be done over SSH", hint="log in to the server for it")
    if not may_give(key, command):
        raise PodshiftError(f"{command} is for {TABLE[command]}", hint=f"{key.name} may use: {key.rights}")
    if TABLE[command] is Scope.APP and app is None:
        raise PodshiftError(f"{command} needs an app", hint=f"{key.name} may use: {key.rights}")
    if app is not None and TABLE[command] is not Scope.MAKE and not key.may_use(app):
        raise refused(key, app)
