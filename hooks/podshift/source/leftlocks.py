"""Locks that git's end has left behind: of a git that was killed, of a machine that lost its power."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def drop_left_locks(repository: Path, branch: str) -> None:
    """Take away what would keep a branch from moving for ever.

    git's locks are files that do not say whose they are. So none is touched as long as any git is at work in the
    repository but those that this process is part of, which hold none while they wait for it.
    """
    names = (f"refs/heads/{branch}.lock", "HEAD.lock", "packed-refs.lock")
    left = [path for name in names if os.path.lexists(path := repository / name)]
    if left and not any(_gits_at_work(repository)):
        for path in left:
            path.unlink(missing_ok=True)


def _gits_at_work(repository: Path) -> Iterator[int]:
    own = set(_ancestors(os.getpid()))
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's, who may not write here
            is_git = (process / "comm").read_text().startswith("git")
            if is_git and (process / "cwd").samefile(repository) and int(process.name) not in own:
                yield int(process.name)


def _ancestors(pid: int) -> Iterator[int]:
    with suppress(OSError):  # one of them has ended meanwhile
        while pid > 1:
            yield pid
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
