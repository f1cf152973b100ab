"""A container's log, kept when the container goes: Docker has it in a place of its own and removes it with it."""

from collections import deque
from pathlib import Path
from tempfile import TemporaryFile

from podshift.engine.command import start, wait
from podshift.settings import PRIVATE_FILE


def save_log(program: str, arguments: list[str], path: str, seconds: float) -> None:
    """What `logs --timestamps` prints, in the form of podman's k8s-file driver. Raises EngineError, OSError.

    Of a container that printed nothing there is an empty file, as with podman.
    """
    final = Path(path)
    if not final.parent.is_dir():  # its app was taken away
        return
    prepared = final.with_name(f".{final.name}.new")
    with TemporaryFile(dir=final.parent) as raw:
        wait(start(program, arguments, out=raw, err=raw), program, arguments, seconds, deque())
        raw.seek(0)
        with prepared.open("wb") as kept:
            prepared.chmod(PRIVATE_FILE)
            for line in raw:
                when, _, text = line.partition(b" ")
                kept.write(when + b" stdout F " + text)
    prepared.replace(final)
