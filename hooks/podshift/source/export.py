"""A commit's tree as files, submodules included, and no `.git` anywhere."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.repository import Repository
from podshift.source.submodules import fetch, list_submodules

DEEPEST = 8
"""Submodules inside submodules, at most: a pushed repository must not make us fetch for ever."""

Say = Callable[[str], None]


def export(repository: Repository, commit: str, directory: Path, say: Say = lambda line: None) -> None:
    """Writes what a fresh clone of the commit would hold into an existing, empty folder that is ours alone.

    git itself writes the files, so its path checks apply: nothing lands outside, symbolic links stay links,
    modes stay. Line ending attributes of the commit are honoured as in any checkout; filters (git-lfs) are
    not run, so their pointers stay. `export-ignore` is not honoured: it speaks of release archives, and what
    an image leaves out is said in .containerignore. `say` hears of each submodule. What is needed in between
    is beside the folder, on the disk that the caller chose, and gone afterwards.
    Raises PodshiftError; the folder is then to be thrown away.
    """
    directory = directory.resolve()
    with tempfile.TemporaryDirectory(prefix=".podshift-", dir=directory.parent) as scratch:
        _export(repository, commit, directory, Path(scratch), say, depth=0)


def _export(repository: Repository, commit: str, directory: Path, scratch: Path, say: Say, *, depth: int) -> None:
    index = scratch / f"index-{depth}"
    repository.check_out(commit, directory, index)
    for submodule in list_submodules(repository, commit, index):
        say(f"submodule {printable(submodule.path)} at {submodule.commit[:7]}")
        if depth == DEEPEST:
            raise PodshiftError(f"submodules are nested too deep at {printable(submodule.path)}")
        target = directory / submodule.path
        if target.resolve() != target or not target.is_dir() or any(target.iterdir()):
            raise PodshiftError(f"the submodule's place {printable(submodule.path)} is taken")
        with tempfile.TemporaryDirectory(dir=scratch) as clone:
            fetched = fetch(submodule, Path(clone))
            _export(fetched, submodule.commit, target, scratch, say, depth=depth + 1)
    index.unlink()
