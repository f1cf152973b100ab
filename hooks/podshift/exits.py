"""Why a container did not start, or ended that should have gone on: the engine's words, its status, what it printed."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from podshift.engine import Ending, Engine, EngineError
from podshift.errors import PodshiftError
from podshift.report import both_ends

# One that was started again meanwhile is about to end once more, as a rule.
AGAIN_SECONDS = 1.0
POLL_SECONDS = 0.05
# The log of what exited is short, and what went wrong may be at either end of it.
FIRST_LINES, LAST_LINES, READ_LINES = 8, 17, 1000

# What the engines say of a container that they cannot start → what to do.
NO_PROGRAM = "the image has no such program, or may not run it: see the command in podshift.toml, or the image's CMD"
CANNOT_START = (
    (r"no command", "the image has no command: give it a CMD, or podshift.toml a command"),
    (r"unable to find (user|group)|no matching entries in", "USER in the Containerfile is nobody whom the image knows"),
    (r"executable file|open executable|exec format error", NO_PROGRAM),
    (r"name .*is already in use", "{engine} ps --all shows whose container it is"),
    (r"unknown (shorthand )?flag|invalid (argument|value|--)", "podshift render {app} shows what the template gives"),
)
NOT_STARTED = (125, 126, 127)


@contextmanager
def hinted(engine: Engine, app: str) -> Iterator[None]:
    """Put a hint to the EngineError of a `run` that could not start its container."""
    try:
        yield
    except EngineError as error:
        if not error.hint and error.status in NOT_STARTED:
            hints = (hint for words, hint in CANNOT_START if re.search(words, error.output, re.IGNORECASE))
            hint = next(hints, "see the image's command and user; podshift render {app} shows the other options")
            error.hint = hint.format(app=app, engine=engine.program)
        raise


def exited(
    engine: Engine, name: str, process: str, when: str = "", *, patience: float = AGAIN_SECONDS
) -> PodshiftError:
    """The error to raise for a container of this process. `when` goes after `exited`: " at start". `patience` is how
    many seconds it may take to find out how it ended.

    The end is asked for first: a moment later an engine may have started it again, and know nothing of it.
    """
    ending = _last_end(engine, name, patience)
    printed = _printed(engine, name)
    return PodshiftError(
        f"{name} exited{when}{ending.words if ending else ''}",
        hint=_hint(ending, process, printed=bool(printed)),
        details=both_ends(printed, FIRST_LINES, LAST_LINES),
    )


def _last_end(engine: Engine, name: str, patience: float) -> Ending | None:
    deadline = time.monotonic() + patience
    try:
        while not (ending := engine.ending(name)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    except PodshiftError:
        return None
    return ending


def _printed(engine: Engine, name: str) -> tuple[str, ...]:
    try:
        return tuple(engine.logs(name, READ_LINES))
    except PodshiftError:
        return ()


def _hint(ending: Ending | None, process: str, *, printed: bool) -> str:
    if ending and ending.for_want_of_memory:
        table = process if process == "web" else f"process.{process}"
        return f"raise {table}.memory in podshift.toml, or have it use less, and try again"
    if ending and ending.status == 0:
        return f"{'what it printed is above; ' * printed}its command has to go on for as long as the app runs"
    if printed:
        return "what it printed is above; mend it and try again"
    return "it printed nothing: run its image by hand, or have it say why it ends, and try again"
