"""What is looked at in a repository: names, and the text of a few files. Untrusted, so bounded and never followed."""

import stat
from pathlib import Path
from typing import Protocol

LARGEST = 256 * 1024  # bytes; what is looked for is near the top of a file, and package.json is never longer


class Tree(Protocol):
    """A commit, or a folder. Paths are relative to its top, with `/` between."""

    def names(self, folder: str = ".") -> frozenset[str]:
        """The names in a folder; none where there is no such folder."""

    def text(self, path: str) -> str | None:
        """None where there is no such file, and for links, for what is too long, and for what is not UTF-8."""


class FolderTree:
    """A folder as a Tree. No symbolic link is followed: a pushed one may lead anywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def names(self, folder: str = ".") -> frozenset[str]:
        place = self._place(folder)
        return frozenset(one.name for one in place.iterdir()) if place and place.is_dir() else frozenset()

    def text(self, path: str) -> str | None:
        place = self._place(path)
        if place is None or not stat.S_ISREG(place.lstat().st_mode):
            return None
        with place.open("rb") as stream:
            return decoded(stream.read(LARGEST + 1))

    def _place(self, path: str) -> Path | None:
        place = self.folder / path
        return place if place.exists() and place.resolve() == place else None


def decoded(content: bytes) -> str | None:
    """The text, with line ends as `\\n`; None when it is too long or not UTF-8."""
    if len(content) > LARGEST:
        return None
    try:
        return content.decode().removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def first_of(tree: Tree, *names: str, folder: str = ".") -> str | None:
    """The first of these names that is there."""
    there = tree.names(folder)
    return next((name for name in names if name in there), None)
