"""~/.ssh/authorized_keys: read and replaced whole, by one writer at a time, only where it is this user's own."""

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.settings import PRIVATE_FILE, PRIVATE_FOLDER

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def authorized_keys() -> Path:
    """Where sshd looks, unless its AuthorizedKeysFile says something else."""
    return Path.home() / ".ssh" / "authorized_keys"


def read(path: Path) -> bytes:
    """What is in it; nothing when it is not there. Raises PodshiftError for what is not this user's own file."""
    if not _is_own(path.parent, stat.S_ISDIR, "folder") or not _is_own(path, stat.S_ISREG, "file"):
        return b""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _cannot(path, error) from None


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Replace the text by what `change` makes of it: whole or not at all. Raises PodshiftError."""
    before = read(path)
    if change(before) == before:
        return
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        with _locked(path.parent):
            before = read(path)
            _replace(path, change(before))
    except OSError as error:
        raise _cannot(path, error) from None


def too_open(path: Path) -> list[Path]:
    """Which of the file and the folders that it is in others may write: sshd then takes no key from it."""
    places = (path, path.parent, path.parent.parent)
    return [place for place in places if place.exists() and place.stat().st_mode & OTHERS_WRITE]


def _replace(path: Path, text: bytes) -> None:
    """One that is there keeps its mode; one that would be empty goes."""
    if not text:
        path.unlink(missing_ok=True)
        return
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else PRIVATE_FILE
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The folder itself is locked: several installations of one user write here, and no further file is left."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_own(path: Path, is_kind: Callable[[int], bool], kind: str) -> bool:
    """False when it is not there."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _cannot(path, error) from None
    if stat.S_ISLNK(found.st_mode):
        problem = f"{path} is a symbolic link: podshift does not write where it leads"
    elif not is_kind(found.st_mode):
        problem = f"{path} is no {kind}"
    elif found.st_uid != os.geteuid():
        problem = f"{path} belongs to another user"
    else:
        return True
    raise PodshiftError(problem, hint=f"make it a {kind} of this user's own: sshd would not trust it otherwise")


def _cannot(path: Path, error: OSError) -> PodshiftError:
    return PodshiftError(f"{path} cannot be used: {error.strerror}", hint=f"ls -ld {path.parent} {path}")
