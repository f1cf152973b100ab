"""The door: whether authorized_keys says what the records say, and who has more than that."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from podshift.deploy.checks.finding import Finding, Level, error, fine
from podshift.deploy.installation import Installation
from podshift.deploy.keys import block, file
from podshift.errors import PodshiftError
from podshift.report import count

NO_SHELLS = ("nologin", "false")


def check_keys(installation: Installation) -> Iterator[Finding]:
    """The block is whole, and sshd can use it; other lines that give a whole shell are only a hint."""
    keys = installation.records.all_keys()
    path = file.authorized_keys()
    try:
        text = file.read(path)
    except PodshiftError:
        if keys:
            raise
        text = b""
    if block.with_keys(text, installation.home, keys) != text:
        yield error("keys", f"the block in {path} is not what the records say", "podshift init")
        return
    if not keys:
        yield fine("keys", "none; podshift keys add lets the team in without a shell")
        return
    yield from _use(path)
    yield _known(len(keys), block.shells(text), path)


def _known(keys: int, shells: list[int], path: Path) -> Finding:
    if not shells:
        return fine("keys", count(keys, "key"))
    gives = "gives" if len(shells) == 1 else "give"
    found = f"{count(keys, 'key')}; {count(len(shells), 'other line')} of {path.name} {gives} a whole shell"
    hint = f"line {', '.join(map(str, shells))}: podshift keys add lets its owner in without one"
    return Finding("keys", Level.OK, found, hint)


def _use(path: Path) -> Iterator[Finding]:
    """What keeps sshd from using the file, or from starting what it names; see StrictModes in sshd_config(5)."""
    if places := file.too_open(path):
        names = " ".join(map(str, places))
        yield error("keys", f"sshd ignores the keys: others may write {names}", f"chmod go-w {names}")
    shell = pwd.getpwuid(os.geteuid()).pw_shell
    if Path(shell).name in NO_SHELLS:
        user = pwd.getpwuid(os.geteuid()).pw_name
        yield error("keys", f"sshd starts nothing for a user with {shell}", f"as root: usermod --shell /bin/sh {user}")
