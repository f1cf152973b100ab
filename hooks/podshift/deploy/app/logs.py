"""What an app's containers print, through releases and processes: the last lines, or all that comes."""

import errno
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from podshift.deploy.app.logfiles import Entry, LogFile, instant, open_logs
from podshift.deploy.installation import Installation
from podshift.engine import Container
from podshift.errors import PodshiftError

Show = Callable[[Entry], None]
LOOK_SECONDS = 0.2
ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which lines: of one process or all, so many of the last, none before `since` (seconds since the epoch)."""

    app: str
    process: str | None
    lines: int
    since: float = 0.0


def last_logs(installation: Installation, wanted: Selection, show: Show) -> None:
    """The last lines of all containers together, in the order of time. Raises PodshiftError for no container."""
    entries: list[Entry] = []
    found = False
    for log in _files(installation, wanted, {}):
        with log:
            entries += log.last(wanted.lines, wanted.since)
            found = True
    for container in _without_file(installation, wanted):
        entries += _engine_logs(installation, wanted, container)
        found = True
    if not found:
        of = f" of {wanted.process}" if wanted.process else ""
        raise PodshiftError(f"{wanted.app} has no container{of}", hint=f"podshift status {wanted.app}")
    _show_last(entries, wanted, show)


def follow_logs(
    installation: Installation, wanted: Selection, show: Show, is_read: Callable[[], bool] = lambda: True
) -> None:
    """Until interrupted, or nobody reads on (BrokenPipeError), which `is_read` may tell before there is a line to
    show. A container that comes later is followed from its first line on."""
    files: dict[Path, LogFile] = {}
    engine = _EngineFollower(installation, show)
    with ExitStack() as stack:
        stack.callback(engine.close)
        entries: list[Entry] = []
        for log in _files(installation, wanted, files):
            files[log.path] = stack.enter_context(log)
            entries += log.last(wanted.lines, wanted.since)
        _show_last(entries, wanted, show)
        engine.follow(_without_file(installation, wanted), wanted.lines)
        looks = 0
        while is_read() and not engine.unread.wait(LOOK_SECONDS):
            for log in _files(installation, wanted, files):
                files[log.path] = stack.enter_context(log)
                if log.path.stem in engine.names:  # what was kept of a container that went: it has been followed
                    log.skip()
            for entry in sorted(entry for log in files.values() for entry in log.more()):
                show(entry)
            looks += 1
            if (engine.names or not files) and looks % 5 == 0:  # a look at the engine costs more than one at a folder
                engine.follow(_without_file(installation, wanted), ALL)
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class _EngineFollower:
    """Follows containers whose log podshift has no file of, by a command of the engine each."""

    def __init__(self, installation: Installation, show: Show) -> None:
        self.engine = installation.engine
        self.show = show
        self.names: set[str] = set()
        self.unread = threading.Event()
        self._stack = ExitStack()

    def follow(self, containers: Iterable[Container], lines: int) -> None:
        for container in containers:
            if container.name not in self.names:
                self.names.add(container.name)
                self._stack.callback(self.engine.follow_logs(container.name, lines, self._passing_on(container)))

    def _passing_on(self, container: Container) -> Callable[[str], None]:
        def pass_on(line: str) -> None:  # in a thread, where an exception would be lost
            try:
                self.show(Entry(0.0, _shown(container), line))
            except OSError:
                self.unread.set()

        return pass_on

    def close(self) -> None:
        self._stack.close()


def _files(installation: Installation, wanted: Selection, known: dict[Path, LogFile]) -> Iterable[LogFile]:
    folder = installation.home.container_log(wanted.app, "any").parent
    return open_logs(folder, wanted.app, wanted.process, known.__contains__)


def _without_file(installation: Installation, wanted: Selection) -> list[Container]:
    """Docker's containers, and those whose template has another log driver."""
    found = installation.engine.containers(home=installation.label, app=wanted.app)
    chosen = (one for one in found if wanted.process in (None, one.process))
    lacking = (one for one in chosen if not installation.home.container_log(wanted.app, one.name).exists())
    return sorted(lacking, key=lambda one: (one.release, one.name))


def _engine_logs(installation: Installation, wanted: Selection, container: Container) -> Iterable[Entry]:
    for line in installation.engine.timed_logs(container.name, wanted.lines):
        when, _, text = line.partition(" ")
        at = instant(when) or 0.0
        if at >= wanted.since:
            yield Entry(at, _shown(container), text)


def _show_last(entries: list[Entry], wanted: Selection, show: Show) -> None:
    entries.sort(key=lambda entry: entry.at)
    for entry in entries[-wanted.lines :] if wanted.lines else ():
        show(entry)


def _shown(container: Container) -> str:
    return f"{container.process}.{container.release}.{container.index}"
