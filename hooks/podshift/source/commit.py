"""What a commit holds: its message, names and texts. One git answers all questions, since each start of it counts."""

import os
import subprocess
from typing import Any, NamedTuple, Self

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.command import last_lines
from podshift.source.repository import Repository, checked

FOLDER = "40000"
_KINDS = {FOLDER: "a directory", "120000": "a symbolic link", "160000": "a submodule"}
# Of a message, or of one folder's names: what a push may bring is far below it (bounds.py).
LARGEST_OBJECT = 1 << 26


class Entry(NamedTuple):
    """A name in a commit's tree; `mode` as git has it there, without the zeros that old ones put before."""

    mode: str
    oid: str

    @property
    def is_file(self) -> bool:
        return self.mode not in _KINDS

    @property
    def kind(self) -> str:
        return _KINDS.get(self.mode, "a file")


class Commit:
    """For a `with` block. Paths are relative to the top, `/` between; links are not followed, being but texts here.

    Every method raises PodshiftError with git's own words when git fails.
    """

    def __init__(self, repository: Repository, oid: str) -> None:
        self.repository = repository
        self.oid = checked(oid)
        self._git: Any = None
        self._folders: dict[str, dict[str, Entry]] = {}  # by the object's name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def subject(self) -> str:
        """The first line of the commit's message, harmless on a terminal."""
        message = self._read(self.oid, LARGEST_OBJECT).partition(b"\n\n")[2]
        return printable(message.strip().partition(b"\n")[0].decode(errors="replace").strip())

    def entry(self, path: str) -> Entry | None:
        """What stands at the path; None for one that is not there, or that would leave the tree."""
        parts = _parts(path)
        found = None if parts is None else Entry(FOLDER, f"{self.oid}^{{tree}}")
        for name in parts or ():
            found = self._folder(found).get(name)
        return found

    def has(self, *paths: str) -> bool:
        """Whether it has anything at one of the paths: a file, a directory, a link, a submodule."""
        return any(map(self.entry, paths))

    def names(self, path: str) -> list[str]:
        """What is in a folder, none where there is no such folder; bytes that are no UTF-8 as surrogates."""
        return list(self._folder(self.entry(path)))

    def text(self, path: str, limit: int) -> str | None:
        """The text of a file, None when there is no such name.

        Raises PodshiftError when it is no regular file, longer than `limit` bytes, or not UTF-8.
        """
        entry = self.entry(path)
        if entry is None:
            return None
        if not entry.is_file:
            raise PodshiftError(f"{printable(path)} is {entry.kind}", hint="make it a file, and push again")
        try:
            return self._read(entry.oid, limit, path).decode()
        except UnicodeDecodeError as error:
            raise PodshiftError(f"{printable(path)} is not UTF-8 text (byte {error.start + 1})") from error

    def _folder(self, entry: Entry | None) -> dict[str, Entry]:
        """By name what is in it; nothing is in what is no folder."""
        if entry is None or entry.mode != FOLDER:
            return {}
        if entry.oid not in self._folders:
            self._folders[entry.oid] = self._tree(entry.oid)
        return self._folders[entry.oid]

    def _tree(self, oid: str) -> dict[str, Entry]:
        """gitformat-pack(5) has it: `MODE NAME`, NUL, and the object's name as bytes, again and again."""
        raw, length, found = self._read(oid, LARGEST_OBJECT), len(self.oid) // 2, dict[str, Entry]()
        begin = 0
        while begin < len(raw):
            end = raw.index(b"\0", begin)
            mode, _, name = raw[begin:end].partition(b" ")
            begin = end + 1 + length
            found[os.fsdecode(name)] = Entry(mode.decode().lstrip("0"), raw[end + 1 : begin].hex())
        return found

    def _read(self, name: str, limit: int, shown: str = "") -> bytes:
        if self._git is None:
            self._git = self.repository.start("cat-file", "--batch", stdin=subprocess.PIPE)
        try:
            self._git.stdin.write(f"{name}\n".encode())
            self._git.stdin.flush()
            *_, size = self._git.stdout.readline().split()
            length = int(size)
        except (OSError, ValueError):  # it has ended, or says `missing`
            raise self._failed() from None
        if length > limit:
            self._end()  # all of it would come, wanted or not
            raise PodshiftError(f"{printable(shown or name)} is longer than {limit:,} bytes")
        content: bytes = self._git.stdout.read(length + 1)
        if len(content) <= length:  # it has met a damaged object
            raise self._failed()
        return content[:length]

    def _end(self) -> None:
        if self._git:
            self._git.kill()
            self._git.communicate()
            self._git = None

    def _failed(self) -> PodshiftError:
        error = self._git.communicate()[1].decode(errors="replace")
        self._git = None
        what = f"commit {self.oid[:7]} cannot be read in {printable(self.repository.path.name)}"
        return PodshiftError(what, details=last_lines(error))


def _parts(path: str) -> list[str] | None:
    """The names on the way to it; None for a path that would leave the tree."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return None if path.startswith("/") or ".." in parts else parts
