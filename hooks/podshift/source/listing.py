"""What a commit has that needs more than writing its files, as git's index says it."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ARGUMENTS = ("ls-files", "-z", "--stage")

_GITLINK = b"160000 "
_ATTRIBUTES = b"/.gitattributes"


@dataclass(frozen=True, slots=True)
class Listing:
    """`submodules` maps a path to a commit, `attributes` that of each .gitattributes to its hash. Bytes of paths that
    are no UTF-8 are surrogates. `index` is the file that has all of it."""

    index: Path
    submodules: dict[str, str]
    attributes: dict[str, str]

    @property
    def rules(self) -> str:
        """A name for all that the commit says of how its files are written."""
        return sha256(repr(sorted(self.attributes.items())).encode()).hexdigest()


def read_listing(output: bytes, index: Path) -> Listing:
    """From what git says to ARGUMENTS."""
    submodules, attributes = dict[str, str](), dict[str, str]()
    for line in output.split(b"\0"):
        if line.startswith(_GITLINK) or line.replace(b"\t", b"/", 1).endswith(_ATTRIBUTES):
            about, _, path = line.partition(b"\t")
            found = submodules if line.startswith(_GITLINK) else attributes
            found[os.fsdecode(path)] = about.split()[1].decode()
    return Listing(index, submodules, attributes)
