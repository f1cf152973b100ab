"""How git is run: as argument lists through GitPython's wrapper, in an environment of our own making.

GitPython's object layer reads SHA-1 repositories only; git's own plumbing reads both kinds.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from git import Git, GitCommandNotFound

from podshift.errors import PodshiftError
from podshift.report.text import printable

_OPERATOR = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH", "GIT_PYTHON_")
_TRANSPORT = ("GIT_HTTP_", "GIT_PROXY_", "GIT_SSH", "GIT_SSL_", "GIT_TRACE")

HERMETIC = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
"""No filter (git-lfs, say), attribute or alias of the host takes part, and no pushed `refs/replace/`
can make a commit be other than what its name says."""

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.protectHFS=true",
    "core.protectNTFS=true",
)
GIT = ("git", *(word for setting in _SETTINGS for word in ("-c", setting)))
"""What every command line starts with: no program of the host's configuration, every check of paths."""


@contextmanager
def clean_git_environment() -> Iterator[None]:
    """Takes git's own variables out of this process's environment for as long as the block runs.

    A hook is started with GIT_DIR=. and, before the push is accepted, with the variables of its quarantine.
    Every git started from there believes that it works in that repository, wherever it is: a `git init`
    elsewhere changes the pushed repository, and a fetch is refused ("ref updates forbidden inside quarantine
    environment"). What the operator says about programs and transports (GIT_SSH_COMMAND, ...) stays. The
    push options go too; read them before. A Repository made before the block still sees the quarantine.
    """
    taken = {name: os.environ.pop(name) for name in list(os.environ) if _is_of_a_repository(name)}
    try:
        yield
    finally:
        os.environ.update(taken)


def _is_of_a_repository(name: str) -> bool:
    return name.startswith("GIT_") and not name.startswith(_OPERATOR + _TRANSPORT)


SHALLOW_FILE = "GIT_SHALLOW_FILE"
"""Names a file with the commits at which the history of a push from a shallow clone ends, one a line."""


QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", SHALLOW_FILE)
"""What git tells pre-receive alone: where the objects of a push not yet accepted are."""


def leave_quarantine() -> None:
    """For a process of pre-receive that outlives it."""
    for name in QUARANTINE:
        os.environ.pop(name, None)


def quarantine_of(repository: Path) -> dict[str, str]:
    """The variables by which git finds the objects of a push not yet accepted; empty when there is none.

    They say nothing about any other repository, so they are only taken when this hook is this one's.
    """
    hook = os.environ.get("GIT_DIR")
    if not hook or not Path(hook).exists() or not repository.exists() or not repository.samefile(hook):
        return {}
    return {name: os.environ[name] for name in QUARANTINE if name in os.environ}


@contextmanager
def _running_git() -> Iterator[None]:
    try:
        with clean_git_environment():
            yield
    except GitCommandNotFound:
        raise PodshiftError("git is not installed", hint="apt install git") from None
    except (OSError, ValueError) as error:  # no such folder; a NUL in an argument
        raise PodshiftError(f"git could not be run: {printable(str(error))}") from error


def run_git(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], umask: int = -1
) -> tuple[int, bytes, str]:
    """Runs git in the folder; its exit status, its output and its error text. A umask of -1: the caller's."""
    with _running_git():
        return Git(folder).execute(
            [*GIT, *arguments],
            env=environment,
            with_extended_output=True,
            with_exceptions=False,
            stdout_as_string=False,
            strip_newline_in_stdout=False,
            umask=umask,
        )


def start_git(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: int | None) -> Any:
    """Starts git in the folder: GitPython's process, with pipes for what it says."""
    with _running_git():
        return Git(folder).execute([*GIT, *arguments], env=environment, istream=stdin, as_process=True)


def git_version() -> tuple[int, ...]:
    """Its first two numbers, such as (2, 39)."""
    _, output, _ = run_git(["--version"], Path("/"), {})
    return tuple(int(number) for number in re.findall(r"\d+", output.decode(errors="replace"))[:2])


def last_lines(text: str, count: int = 8) -> tuple[str, ...]:
    """The end of what git said, harmless on a terminal: a part of it may come from elsewhere."""
    return tuple(printable(line) for line in text.splitlines()[-count:] if line.strip())
