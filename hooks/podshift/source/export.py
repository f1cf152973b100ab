"""A commit's tree as files, with what belongs to it from elsewhere, and no `.git` anywhere."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.bounds import check_bounds
from podshift.source.listing import Listing
from podshift.source.outside import Outside
from podshift.source.repository import Repository

if TYPE_CHECKING:
    from podshift.source.submodules import Submodule

DEEPEST = 8
"""Submodules inside submodules, at most: a pushed repository must not make us fetch for ever."""

Say = Callable[[str], None]


def export(
    repository: Repository, commit: str, directory: Path, say: Say = lambda line: None, outside: Outside | None = None
) -> None:
    """Writes what a fresh clone of the commit would hold into an existing, empty folder that is ours alone.

    git itself writes the files, so its path checks apply: nothing lands outside, symbolic links stay links, modes
    stay. Line ending attributes of the commit are honoured as in any checkout; filters are not run. `export-ignore` is
    not honoured: it speaks of release archives, and what an image leaves out is said in .containerignore. `say` hears
    of what is fetched. What is needed in between is beside the folder, on the disk that the caller chose, and gone
    afterwards. Raises PodshiftError; the folder is then to be thrown away.
    """
    directory = directory.resolve()
    with tempfile.TemporaryDirectory(prefix=".podshift-", dir=directory.parent) as scratch:
        listing = repository.check_out(commit, directory, Path(scratch) / "index")
        fill(repository, commit, directory, listing, outside or Outside(), say, Path(scratch))


def fill(
    repository: Repository, commit: str, tree: Path, listing: Listing, outside: Outside, say: Say, scratch: Path,
    depth: int = 0,
) -> list[Path]:  # fmt: skip
    """Put what belongs to the commit from elsewhere into its checked-out tree; the folders and files that this wrote.

    `scratch` is where temporary folders may be. Nothing is imported, started or looked at for a commit that has
    nothing from elsewhere.
    """
    filled: list[Path] = []
    if listing.submodules:
        from podshift.source.submodules import list_submodules

        for submodule in list_submodules(repository, commit, listing.submodules, outside):
            say(submodule.shown)
            if depth == DEEPEST:
                raise PodshiftError(f"submodules are nested too deep at {printable(submodule.path)}")
            filled.append(_fill_in(submodule, tree, outside, say, scratch, depth))
    filled += _fill_pointers(repository, commit, tree, listing, outside, say, scratch)
    return filled


def _fill_pointers(
    repository: Repository, commit: str, tree: Path, listing: Listing, outside: Outside, say: Say, scratch: Path
) -> list[Path]:  # fmt: skip
    if not listing.attributes:
        return []
    from podshift.source.lfs.pointers import has_filter

    if not has_filter(tree, listing):
        return []
    from podshift.source.lfs.files import fill_pointers

    with tempfile.TemporaryDirectory(prefix=".podshift-", dir=scratch) as folder:
        written = fill_pointers(repository, commit, tree, listing, outside, Path(folder))
    if written:
        say(f"{len(written)} Git LFS file{'s' * (len(written) > 1)} put in place")
    return written


def _fill_in(
    submodule: "Submodule", tree: Path, outside: Outside, say: Say, scratch: Path, depth: int
) -> Path:  # fmt: skip
    from podshift.source.fetch import fetch, place_of
    from podshift.source.ssh import ssh_command

    target = tree / submodule.path
    if target.resolve() != target or not target.is_dir() or any(target.iterdir()):
        raise PodshiftError(f"the submodule's place {printable(submodule.path)} is taken")
    with tempfile.TemporaryDirectory(prefix=".podshift-", dir=scratch) as folder:
        place = place_of(submodule, outside.kept) if outside.kept else Path(folder) / "clone.git"
        with ssh_command(outside, Path(folder)) as ssh:
            try:
                fetched = fetch(submodule, place, ssh, outside)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
        check_bounds(fetched, submodule.commit, submodule.shown)
        listing = fetched.check_out(submodule.commit, target, Path(folder) / "index")
        inner = replace(outside, origin=submodule.url, within=".")
        fill(fetched, submodule.commit, target, listing, inner, say, scratch, depth + 1)
    return target


def take_out(filled: Iterable[Path]) -> None:
    """Take out again what fill() put into a tree: the folders are empty then, the files gone. Raises OSError."""
    for path in filled:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            path.mkdir()
            path.chmod(0o755)  # as git makes it, whatever the umask
        else:
            path.unlink()
