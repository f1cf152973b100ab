"""How large a commit may be before any of it is written: a small pack can hold a tree without an end."""

import os
from collections.abc import Iterator
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.source.repository import Repository, checked

MOST_NAMES = 200_000  # files and folders; Linux itself has half of it
MOST_BYTES = 8 * 1024**3
DEEPEST = 100  # folders in folders
READ = 1 << 18
HINT = "what an image does not need belongs elsewhere; git rm it, and push again"


def check_bounds(repository: Repository, commit: str, name: str = "") -> None:
    """Raises PodshiftError for a commit with too many names, bytes or levels. Reads no further than to the first.

    `name` is what the message calls it, where that is not its hash.
    """
    name, total = name or f"commit {commit[:7]}", 0
    for names, line in enumerate(_listed(repository, commit), start=1):
        about, _, path = line.partition(b"\t")
        size = about.split()[-1]
        total += int(size) if size.isdigit() else 0
        if path.count(b"/") > DEEPEST:
            raise PodshiftError(f"{name} has folders more than {DEEPEST} deep", hint=HINT)
        if names > MOST_NAMES:
            raise PodshiftError(f"{name} has more than {MOST_NAMES:,} files and folders", hint=HINT)
        if total > MOST_BYTES:
            raise PodshiftError(f"the files of {name} are more than {MOST_BYTES >> 30} GiB", hint=HINT)


def check_received(limit_mb: int) -> None:
    """In pre-receive: raises PodshiftError when the push brings more than this, all of it still in quarantine."""
    quarantine = os.environ.get("GIT_QUARANTINE_PATH")
    found = sum(path.stat().st_size for path in Path(quarantine).rglob("*") if path.is_file()) if quarantine else 0
    if found > limit_mb << 20:
        raise PodshiftError(
            f"this push brings {found / (1 << 20):,.1f} MB, and {limit_mb:,} MB are the most",
            hint="take large files out of the commits; or on the server: max_push_mb in settings.toml, podshift init",
        )


def limit_input(repository: Repository, limit_mb: int) -> None:
    """Have git itself end a push that is twice too large, as it comes in; below that a person is told in our words."""
    repository.read("config", "receive.maxInputSize", f"{2 * limit_mb}m")


def _listed(repository: Repository, commit: str) -> Iterator[bytes]:
    """Lines of ls-tree as they come: a folder before what is in it."""
    process = repository.start("ls-tree", "-r", "-t", "-z", "--long", "--full-tree", checked(commit))
    try:
        rest = b""
        while data := process.stdout.read(READ):
            *lines, rest = (rest + data).split(b"\0")
            yield from lines
    finally:
        process.kill()
        process.communicate()
