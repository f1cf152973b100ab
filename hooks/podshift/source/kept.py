"""A commit's files in a folder that is kept from one deploy to the next, so that a push costs what it changes.

A build may write into its context (podman's `RUN --mount=type=bind,rw`), and anything may be interrupted. So the folder
is marked as good only while nobody uses it; and when something in it was touched since it was written, whatever that
was, it is thrown away and made anew. The kernel keeps that time (ctime), and nobody can set it.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.source.bounds import check_bounds
from podshift.source.export import Say, fill, take_out
from podshift.source.listing import Listing
from podshift.source.outside import Outside
from podshift.source.repository import Repository

TREE, INDEX = "tree", "index"
IN_USE, GOOD = "in-use", "good"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def kept_tree(
    repository: Repository, commit: str, folder: Path, outside: Outside, say: Say = lambda line: None
) -> Iterator[Path]:
    """The commit's tree inside `folder`, as export() would write it; the tree is there for as long as the block runs.

    The caller sees to it that nobody else is at this folder meanwhile. Raises PodshiftError like export().
    """
    check_bounds(repository, commit)
    tree, in_use = folder / TREE, folder / IN_USE
    try:
        listing = _updated(repository, commit, folder) or _made(repository, commit, folder)
        filled = fill(repository, commit, tree, listing, outside, say, folder)
        in_use.write_text(_mark(listing))
    except BaseException:
        throw_away(folder)
        raise
    try:
        yield tree
    finally:
        with suppress(OSError):  # without its mark it is made anew the next time
            if filled:
                _empty(tree, in_use, filled)
            in_use.rename(folder / GOOD)


def _updated(repository: Repository, commit: str, folder: Path) -> Listing | None:
    """What of the earlier commit has changed is written; None where not all is known to be good."""
    good = folder / GOOD
    try:
        was, written = good.read_text(), good.stat().st_mtime_ns
        good.unlink()
        if not _untouched(folder / TREE, written):
            return None
        listing = repository.check_out(commit, folder / TREE, folder / INDEX)
        return listing if was == _mark(listing) else None
    except (OSError, PodshiftError):
        return None


def _made(repository: Repository, commit: str, folder: Path) -> Listing:
    throw_away(folder)
    (folder / TREE).mkdir(parents=True)
    (folder / TREE).chmod(0o755)  # whatever the umask: it is part of the build cache's key
    return repository.check_out(commit, folder / TREE, folder / INDEX)


def _empty(tree: Path, in_use: Path, filled: list[Path]) -> None:
    """Before we touch it ourselves, look what the build did. Raises OSError when it is not to be kept."""
    if not _untouched(tree, in_use.stat().st_mtime_ns):
        raise OSError("the build has written into the tree")
    take_out(filled)
    in_use.write_bytes(in_use.read_bytes())


def _untouched(tree: Path, since: int) -> bool:
    """Whether nothing in the tree, itself included, has a later time. In nanoseconds of the kernel's coarse clock, so
    that the mark is as late as what was written just before it."""
    if os.lstat(tree).st_ctime_ns > since:
        return False
    folders = [os.fspath(tree)]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_ctime_ns > since:
                    return False
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return True


def _mark(listing: Listing) -> str:
    """Good until the machine starts anew, for then nobody knows what got to the disk; and as long as the rules stay,
    for files that a commit does not change may be written differently by others."""
    return f"{_BOOT.read_text().strip()} {listing.rules}\n"


def throw_away(folder: Path) -> None:
    """What cannot be removed, since a build gave it to another of the user's ids, is at least out of the way."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(FileNotFoundError):
        folder.rename(folder.with_name(f".{folder.name}-{os.getpid()}-{time.time_ns()}"))


def last_used(folder: Path) -> float | None:
    """Seconds of the epoch; None when nothing is kept."""
    try:
        return (folder / GOOD).stat().st_mtime
    except FileNotFoundError:
        return None
