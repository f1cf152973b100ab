"""Containers' log files as podman's k8s-file driver writes them: `TIME STREAM F|P TEXT`, P for a line that goes on.

The engine keeps those of Docker's containers in the same form when they go.

They stay when their container is gone. One that has grown to its limit is replaced by an empty one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self

BLOCK = 65536


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A line that a container printed. `at` in seconds since the epoch; `container` as `web.12.1`."""

    at: float
    container: str
    text: str


class LogFile:
    """One container's log, read from where one begins to where it ends now, again and again."""

    def __init__(self, path: Path, container: str) -> None:
        self.path = path
        self.container = container
        self._stream: BinaryIO = path.open("rb")
        self._rest = b""
        self._parts: dict[bytes, bytes] = {}

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def last(self, count: int, since: float) -> list[Entry]:
        """The last lines of the file, at most so many and none before `since`; what follows is left for more()."""
        if count == 0 or self.path.stat().st_mtime < since:
            self.skip()
            return []
        self._seek_back(count)
        return [entry for entry in self.more() if entry.at >= since][-count:]

    def skip(self) -> None:
        """Leave out all that is there by now."""
        self._stream.seek(0, os.SEEK_END)

    def more(self) -> Iterator[Entry]:
        """Whole lines that came since the last time, the end of a file that was replaced meanwhile included."""
        while True:
            replaced = self._is_replaced()
            while data := self._stream.read(BLOCK):
                *lines, self._rest = (self._rest + data).split(b"\n")
                yield from self._entries(lines)
            if not replaced:
                return
            with suppress(FileNotFoundError):
                fresh = self.path.open("rb")
                self._stream.close()
                self._stream, self._rest = fresh, b""

    def _is_replaced(self) -> bool:
        try:
            return not os.path.samestat(self.path.stat(), os.fstat(self._stream.fileno()))
        except FileNotFoundError:
            return False

    def _seek_back(self, count: int) -> None:
        """To the beginning of the last lines; parts of a long line count as one each."""
        end = self._stream.seek(0, os.SEEK_END)
        position, found = end, 0
        while position and found <= count:
            size = min(BLOCK, position)
            position -= size
            self._stream.seek(position)
            found += self._stream.read(size).count(b"\n")
        self._stream.seek(position)
        if position:
            self._stream.readline()

    def _entries(self, lines: list[bytes]) -> Iterator[Entry]:
        for line in lines:
            when, _, rest = line.partition(b" ")
            stream, _, rest = rest.partition(b" ")
            kind, _, text = rest.partition(b" ")
            if kind == b"P":
                self._parts[stream] = self._parts.get(stream, b"") + text
            elif (at := instant(when.decode(errors="replace"))) is not None:
                whole = self._parts.pop(stream, b"") + text
                yield Entry(at, self.container, whole.decode(errors="replace").rstrip("\r"))


def instant(text: str) -> float | None:
    """Seconds since the epoch of an engine's time stamp; None for what is none."""
    with suppress(ValueError):
        return datetime.fromisoformat(text).timestamp()
    return None


def open_logs(folder: Path, app: str, process: str | None, known: Callable[[Path], bool]) -> Iterator[LogFile]:
    """The log of every container of the app, or of one process, that is not `known` yet."""
    for path in sorted(folder.glob(f"{app}-*.out")):
        name, release, index = path.stem.removeprefix(f"{app}-").rsplit("-", 2)
        if process in (None, name) and not known(path):
            with suppress(FileNotFoundError):  # pruned just now
                yield LogFile(path, f"{name}.{release}.{index}")
