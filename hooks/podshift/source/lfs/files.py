"""Files in the place of their pointers; kept by their hash from one deploy to the next."""

import os
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.lfs.endpoint import find_endpoint
from podshift.source.lfs.pointers import Pointer, find_pointers
from podshift.source.lfs.transfer import download
from podshift.source.listing import Listing
from podshift.source.outside import Outside
from podshift.source.repository import Repository


def fill_pointers(
    repository: Repository, commit: str, tree: Path, listing: Listing, outside: Outside, scratch: Path
) -> list[Path]:  # fmt: skip
    """Write the files over their pointers; which these are. Raises PodshiftError when one cannot be had."""
    pointers = find_pointers(repository, tree, listing, outside)
    store = (outside.kept or scratch) / "lfs" / sha256(outside.origin.encode()).hexdigest()[:32]
    missing = {one.oid: one for one in pointers if not _is_there(store, one)}
    _check_room(tree, pointers, missing.values())
    if missing:
        try:
            endpoint = find_endpoint(repository, commit, outside, scratch)
            download(endpoint, list(missing.values()), store)
        except PodshiftError as error:
            raise _refusal(list(missing.values()), error, outside) from error
    for pointer in pointers:
        _write(store / pointer.oid, tree / pointer.path)
    _forget_others(store, {one.oid for one in pointers})
    return [tree / pointer.path for pointer in pointers]


def _refusal(missing: list[Pointer], error: PodshiftError, outside: Outside) -> PodshiftError:
    what = f"{printable(missing[0].path)} is a Git LFS pointer"
    if len(missing) > 1:
        what = f"{printable(missing[0].path)} and {len(missing) - 1} more are Git LFS pointers"
    hint = error.hint.replace("APP", outside.app)  # who asks a host knows nothing of apps
    return PodshiftError(
        f"{what}, and {error.message}",
        hint=hint or f"podshift origin {outside.app} shows where the server looks for them",
        details=error.details,
    )


def _is_there(store: Path, pointer: Pointer) -> bool:
    """What is there was whole when it got its name."""
    try:
        return (store / pointer.oid).stat().st_size == pointer.size
    except FileNotFoundError:
        return False


def _check_room(tree: Path, pointers: Iterable[Pointer], missing: Iterable[Pointer]) -> None:
    needed = sum(one.size for one in (*pointers, *missing))
    free = shutil.disk_usage(tree).free
    if needed > free:
        raise PodshiftError(
            f"the commit's Git LFS files need {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB of the disk are free",
            hint="on the server: podshift prune, or a larger disk",
        )


def _write(source: Path, target: Path) -> None:
    """Over the pointer, whose mode stays; never through a link."""
    descriptor = os.open(target, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    with source.open("rb") as stream, os.fdopen(descriptor, "wb") as to:
        shutil.copyfileobj(stream, to, 1024 * 1024)


def _forget_others(store: Path, oids: set[str]) -> None:
    for path in store.glob("*"):
        if path.name not in oids:
            path.unlink(missing_ok=True)
