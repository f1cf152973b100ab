"""Pushes and fetches: git itself, for one repository that the key may use. A first push may make the app."""

import os
import sys
from typing import NoReturn

from podshift.access.commandline import PUSH, GitRequest
from podshift.access.refusal import refused
from podshift.errors import PodshiftError
from podshift.model import APP_NAME
from podshift.records import Key, Records
from podshift.report import printable
from podshift.settings import Home


def serve(home: Home, key: Key, request: GitRequest) -> NoReturn:
    """Become git, if the key may do this. Raises PodshiftError."""
    name = app_name(home, request.repository)
    if not _is_there(home, name):
        _make(home, key, name, request)
    elif not key.may_use(name):
        raise refused(key, name)
    repository = home.repository(name)
    if repository.is_symlink() or not repository.is_dir():
        raise PodshiftError(f"the repository of {name} is not there", hint="podshift doctor, on the server")
    sys.stderr.flush()
    try:
        os.execvp("git", ["git", request.service, str(repository)])  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        raise PodshiftError(f"git cannot be run here: {error.strerror}", hint="apt install git") from None


def app_name(home: Home, text: str) -> str:
    """`hello`, `/hello`, `hello.git`, and the whole path, mean hello. No other path means anything."""
    name = text.removeprefix(f"{home.path}/repositories/").removeprefix("/").rstrip("/").removesuffix(".git")
    if APP_NAME.fullmatch(name):
        return name
    raise PodshiftError(
        f"{printable(text)!r} names no app", hint="such as deploy@server:hello: lowercase letters, digits and hyphens"
    )


def _is_there(home: Home, name: str) -> bool:
    records = Records(home.database)
    try:
        return any(app.name == name for app in records.apps())
    finally:
        records.close()


def _make(home: Home, key: Key, name: str, request: GitRequest) -> None:
    """The app of a first push. Raises PodshiftError where it is none, or the key may not."""
    if not key.may_create:
        raise refused(key, name)
    if request.service != PUSH:
        raise PodshiftError(f"there is no app {name!r}", hint="the first push makes it")
    from podshift.access.firstpush import make_app

    make_app(home, key, name)
