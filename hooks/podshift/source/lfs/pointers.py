"""Which files of a checked-out tree are pointers: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from podshift.source.listing import Listing
from podshift.source.outside import Outside
from podshift.source.repository import Repository

LONGEST = 1024  # bytes of a pointer; a longer file is none
_LARGEST_RULES = 1024 * 1024
_POINTER = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n(?:[^\n]*\n)*?"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>[0-9]{1,15})\n?(?:[^\n]*\n)*"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file of the tree, by its path from the top, that stands for one of so many bytes."""

    path: str
    oid: str
    size: int


def has_filter(tree: Path, listing: Listing) -> bool:
    """Whether some .gitattributes speaks of LFS; a look at a few small files, and for most commits at none."""
    return any(b"filter=lfs" in _head(tree / path, _LARGEST_RULES) for path in listing.attributes)


def find_pointers(repository: Repository, tree: Path, listing: Listing, outside: Outside) -> list[Pointer]:
    """Those that the build needs. What is filtered but was committed as it is stays as it is."""
    found = []
    for path in repository.filtered(tree, listing.index, "lfs"):
        match = _POINTER.fullmatch(_head(tree / path, LONGEST + 1)) if outside.needs(path) else None
        if match:
            found.append(Pointer(path, match["oid"].decode(), int(match["size"])))
    return found


def _head(path: Path, length: int) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            return stream.read(length)
    except OSError:  # a link, or not written out
        return b""
