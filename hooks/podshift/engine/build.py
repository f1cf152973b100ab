"""A build goes through a file, and is ended from inside.

An engine that is killed in the middle of a build leaves the step that runs, and its working containers, behind for
good; one whose step fails clears up. So that is how a build is ended. And since a build whose deployer was killed
must not die of its next line of output, that line goes to a file, and who repairs ends the build.
"""

import os
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from podshift.engine.command import TAIL_LINES, EngineError, Line, ended, start, terminate, wait

POLL_SECONDS = 0.05
END_SECONDS = 10.0
READ = 65536
LONGEST_LINE = 65536
"""Bytes after which a line is given out as if it ended there: some programs print megabytes without a line's end."""
TRIES = 3
End = Callable[[Any], None]
# Podman looks up the layers of its cache one by one, and does not lock them against another process's `rmi`.
VANISHED = re.compile(r"^Error: .*(layer not known|image not known|no such image)")


def run_build(
    program: str, arguments: list[str], *, folder: Path, timeout: float, on_line: Line,
    env: Mapping[str, str] | None = None, end: End | None = None,
    shown: Callable[[str], str] = str,
) -> None:  # fmt: skip
    """Build to the end; every line of both streams goes to `on_line`. Raises EngineError like command.run().

    `folder` is where the output's file may be: it has no name, so the build does not see it. `end` is how a build is
    broken off, from inside unless said otherwise; `shown` is how a line may be seen by people.
    """
    end = end or _end_from_inside
    once = partial(_build_once, program, arguments, folder, timeout, on_line, env or {}, end, shown)
    for _ in range(TRIES - 1):
        try:
            return once()
        except EngineError as error:
            if not VANISHED.search((error.details or ("",))[-1]):
                raise
            on_line("once more: a layer was removed by somebody else just then")
    return once()


def _build_once(
    program: str, arguments: list[str], folder: Path, timeout: float, on_line: Line, env: Mapping[str, str], end: End,
    shown: Callable[[str], str],
) -> None:  # fmt: skip
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with TemporaryFile(dir=folder) as file:
        lines = _Lines(file.fileno(), (tail.append, on_line), shown)

        def ended_reading(pid: int, seconds: float | None) -> bool:
            deadline = time.monotonic() + (seconds or 0)
            while not ended(pid, POLL_SECONDS):
                lines.read()
                if time.monotonic() > deadline:
                    return False
            lines.read(last=True)
            return True

        process = start(program, arguments, out=file, err=file, env=env)
        wait(process, program, arguments, timeout, tail, end=end, ended=ended_reading)


def end_strays(labels: Mapping[str, str], *, from_inside: bool = True) -> None:
    """End the commands, given these labels, that a killed deployer left behind. For who holds the app's lock."""
    for pid, words in _strays([f"--label={key}={value}" for key, value in labels.items()]):
        if "build" in words:
            if from_inside and end_build(pid):
                continue
        elif ended(pid, END_SECONDS):
            continue
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(pid, number)
                ended(pid, 5)


def end_build(pid: int) -> bool:
    """Kill the step that runs until the engine gave up and cleared away; False when it goes on nevertheless."""
    deadline = time.monotonic() + END_SECONDS
    while not ended(pid, POLL_SECONDS):
        if time.monotonic() > deadline:
            return False
        for step in _steps(pid):
            with suppress(OSError):
                os.kill(step, signal.SIGKILL)
    return True


def _end_from_inside(process: Any) -> None:
    end_build(process.pid)
    terminate(process)


def _steps(pid: int) -> Iterator[int]:
    """The processes below an engine's that have a PID namespace of their own: the steps of its build."""
    children: dict[int, list[int]] = {}
    for one in _processes():
        with suppress(OSError):
            stat = Path(f"/proc/{one}/stat").read_text(errors="replace")
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(one)
    below = list(children.get(pid, ()))
    for one in below:
        below += children.get(one, ())
        with suppress(OSError):
            if Path(f"/proc/{one}/ns/pid").readlink() != Path(f"/proc/{pid}/ns/pid").readlink():
                yield one


def _strays(wanted: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Commands with all these arguments that lead their session, as start() begins them."""
    for pid in _processes():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            if set(wanted) <= set(words) and os.getsid(pid) == pid:
                yield pid, words


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


class _Lines:
    """Passes on every whole line that is written to a file by others; a very long one in pieces."""

    def __init__(self, descriptor: int, to: tuple[Line, ...], shown: Callable[[str], str]) -> None:
        self.descriptor = descriptor
        self.to = to
        self.shown = shown
        self.offset = 0
        self.rest = b""

    def read(self, *, last: bool = False) -> None:
        while data := os.pread(self.descriptor, READ, self.offset):
            self.offset += len(data)
            *lines, self.rest = (self.rest + data).split(b"\n")
            for line in lines:
                for piece in _pieces(line):
                    self._pass_on(piece)
            *pieces, self.rest = _pieces(self.rest)
            for piece in pieces:
                self._pass_on(piece)
        if last and self.rest:
            self._pass_on(self.rest)

    def _pass_on(self, line: bytes) -> None:
        text = self.shown(line.decode(errors="replace").rstrip("\r"))
        for to in self.to:
            to(text)


def _pieces(line: bytes) -> Iterator[bytes]:
    """The line, cut where it is too long; never within a character of UTF-8."""
    begin = 0
    while len(line) - begin > LONGEST_LINE:
        end = begin + LONGEST_LINE
        within = next((n for n in range(4) if line[end - n] & 0xC0 != 0x80), 0)
        yield line[begin : end - within]
        begin = end - within
    yield line[begin:]
