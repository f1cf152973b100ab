"""Secrets of a build: files in memory, for its time only, mounted where a step asks for them and in no layer."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from podshift.engine.memory import MEMORY, forget_stale_secrets, private_prefix

# A shorter value would be found in the middle of innocent words.
SHORTEST = 6


@contextmanager
def secret_files(secrets: Mapping[str, str]) -> Iterator[list[str]]:
    """The arguments of `build` that give it these secrets, by their names; values stand in no argument."""
    if not secrets:
        yield []
        return
    forget_stale_secrets()
    with TemporaryDirectory(prefix=private_prefix("build"), dir=MEMORY if MEMORY.is_dir() else None) as folder:
        for name, value in secrets.items():
            _write(Path(folder) / name, value)
        yield [f"--secret=id={name},src={Path(folder) / name}" for name in secrets]


def hidden(secrets: Mapping[str, str], line: str) -> str:
    """A line of a build's output without the values that a careless step prints."""
    for name, value in secrets.items():
        for part in value.splitlines():
            if len(part) >= SHORTEST:
                line = line.replace(part, f"[{name}]")
    return line


def _write(path: Path, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(value)
