"""A push as values: ref updates and push options, in the words in which git tells them to a hook."""

import getpass
import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from podshift.receive.options import NO_OPTIONS, PushOptions, parse_options
from podshift.records import App, Records
from podshift.settings import Home


class Update(NamedTuple):
    """One line of what git tells a receive hook; `new` is None for a deletion, `old` for a new ref."""

    old: str | None
    new: str | None
    ref: str

    @property
    def name(self) -> str:
        return self.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


class Push(NamedTuple):
    """What one `git push` brings to an app."""

    app: App
    updates: tuple[Update, ...]
    options: PushOptions = NO_OPTIONS

    @property
    def deploy(self) -> Update | None:
        """The update of the deploy branch, if there is one."""
        branch = f"refs/heads/{self.app.branch}"
        return next((update for update in self.updates if update.ref == branch), None)

    @property
    def gated(self) -> bool:
        return self.app.gate or self.options.gate


def read_push(home: Home, app: str, updates: Iterable[str], options: Iterable[str]) -> Push:
    """Closes the records again: SQLite connections do not survive the fork of a deployer.

    Raises PodshiftError for push options that cannot be followed.
    """
    records = Records(home.database)
    try:
        return Push(records.app(app), parse_updates(updates), parse_options(options))
    finally:
        records.close()


def parse_updates(lines: Iterable[str]) -> tuple[Update, ...]:
    """`OLD NEW REF` lines; an object name of zeros says that there is none. A ref's bytes that are no UTF-8 come as
    surrogates."""
    words = (line.rstrip("\n").split(" ", 2) for line in lines)
    return tuple(Update(_object(old), _object(new), ref) for old, new, ref in words)


def _object(name: str) -> str | None:
    return None if re.fullmatch("0+", name) else name


def options_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The push options of `git push -o …`, as pre-receive and post-receive find them."""
    count = int(environment.get("GIT_PUSH_OPTION_COUNT") or 0)
    return tuple(environment.get(f"GIT_PUSH_OPTION_{number}", "") for number in range(count))


def pusher() -> str:
    """Whom the records name: the key that sshd saw, or the account."""
    return os.environ.get("PODSHIFT_KEY") or getpass.getuser()


def say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
