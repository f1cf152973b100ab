"""A deploy's log: what the pusher sees while it happens, and what stays to be read."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from podshift.errors import PodshiftError
from podshift.report.text import WIDTH, printable, wrap
from podshift.report.words import count

_TEXT_COLUMN = 9
_UNWRITTEN_BYTES = 65536


class Log:
    """The log file of one deploy, whole lines only; 0600, for a build may print what it should not.

    `written` is an eventfd that tells whoever follows the log of each line, over a fork too.

    The log never stops a deploy: a full disk, or any other failure to write, is remembered in `failure`, with
    the number of lines `lost` in all, and said in the log as soon as there is room again. `unwritten` is a file in
    memory that has what is lost, for whoever follows the log.
    """

    def __init__(self, path: Path) -> None:
        """Raises PodshiftError if the file cannot be opened: nothing has happened yet that could be lost."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise PodshiftError(
                f"cannot write the log {path}: {error.strerror}",
                hint="podshift doctor looks at disk and rights",
            ) from error
        self.path = path
        self.written = _eventfd()
        self.unwritten = _memory()
        self.failure: OSError | None = None
        self.lost = 0
        self._step = ""
        self._unsaid = 0
        self._torn = False

    @classmethod
    def on(cls, descriptor: int) -> Self:
        """A log that is nobody's file but a stream that is open already, such as an operator's terminal."""
        log = cls.__new__(cls)
        log._fd, log.path = os.dup(descriptor), Path(os.devnull)
        log.written, log.unwritten = _eventfd(), _memory()
        log.failure, log.lost, log._step, log._unsaid, log._torn = None, 0, "", 0, False
        return log

    def fileno(self) -> int:
        """Readable too: what `follow` takes, for the file may be renamed before a spectator could open it."""
        return self._fd

    def line(self, text: str) -> None:
        """The text as it is, made printable; line breaks begin new lines."""
        self._step = ""
        for line in text.removesuffix("\n").split("\n"):
            self._write(printable(line))

    def step(self, name: str, text: str) -> None:
        """A sentence of podshift's own, beside the name of the step it belongs to, within 72 columns."""
        for line in text.removesuffix("\n").split("\n"):
            for part in wrap(printable(line), WIDTH - _TEXT_COLUMN):
                self._beside(name, part)

    def output(self, name: str, text: str) -> None:
        """What another program printed in this step: never wrapped, so that it can be searched and copied."""
        for line in text.removesuffix("\n").split("\n"):
            self._beside(name, printable(line))

    def error(self, error: PodshiftError) -> None:
        """Its details as they are, then `error:` and `hint:`, which git's client colours."""
        self._step = ""
        for line in error.lines():
            word, colon, text = line.partition(": ")
            if colon and word in {"error", "hint"}:
                self._coloured(word, text)
            else:
                self.line(line)

    def warning(self, text: str) -> None:
        self._step = ""
        self._coloured("warning", text)

    def success(self, text: str) -> None:
        self._step = ""
        self._coloured("success", text)

    def rename(self, new_path: Path) -> None:
        """Gives a queued deploy's log its release's name; spectators keep reading, the descriptor stays."""
        try:
            self.path.replace(new_path)
        except OSError as error:
            self.failure = error
        else:
            self.path = new_path

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            os.close(self.written)
            os.close(self.unwritten)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _beside(self, name: str, text: str) -> None:
        shown = "" if name == self._step else name
        self._step = name
        self._write(f"{shown:<{_TEXT_COLUMN - 1}} {text}")

    def _coloured(self, word: str, text: str) -> None:
        first, indent = f"{word}: ", " " * (len(word) + 2)
        for line in text.split("\n"):
            for part in wrap(printable(line), WIDTH - len(first)):
                self._write(first + part)
                first = indent

    def _write(self, line: str) -> None:
        data = (self._mending() + line.rstrip() + "\n").encode()
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self.failure = error
            self.lost += 1
            self._unsaid += 1
            self._keep(f"{line.rstrip()}\n")
            return
        os.eventfd_write(self.written, 1)
        # A disk that fills up in the middle of a line takes its beginning only.
        self._torn = written < len(data)
        self._unsaid = 0
        if self._torn:
            self.lost += 1
            self._unsaid = 1
            self._keep(f"\n{line.rstrip()}\n")

    def _keep(self, text: str) -> None:
        with suppress(OSError):
            if os.fstat(self.unwritten).st_size < _UNWRITTEN_BYTES:
                os.write(self.unwritten, text.encode())

    def _mending(self) -> str:
        """What has to stand before a line after others did not get through."""
        if not self._unsaid:
            return ""
        why = f": {self.failure.strerror}" if self.failure else ""
        return f"{chr(10) if self._torn else ''}({count(self._unsaid, 'line')} lost{why})\n"


def _memory() -> int:
    return os.memfd_create("podshift-log", os.MFD_CLOEXEC)


def _eventfd() -> int:
    return os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
