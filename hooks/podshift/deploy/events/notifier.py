"""The process that tells one target of one event, within its time, and leaves no other process behind."""

import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from podshift.deploy.events.notify import is_url
from podshift.records import Records
from podshift.report import printable
from podshift.settings import Home

SECONDS = 10.0
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def main() -> None:
    """The job comes on standard input, as notify() writes it; what came of it goes into the records."""
    job = json.load(sys.stdin)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whatever loses its parent becomes a child of ours
    result = tell(job["target"], job["event"])
    home = Home(Path(job["home"]))
    if home.database.exists():  # else the installation was removed meanwhile
        records = Records(home.database)
        records.note_result(job["number"], time.time(), result)
        records.close()


def tell(target: str, event: Mapping[str, Any]) -> str:
    """`ok`, or what went wrong."""
    if is_url(target):
        command = [sys.executable, "-I", "-m", "podshift.deploy.events.post"]
        text = json.dumps({"url": target, "event": event})
    else:
        command, text = shlex.split(target), json.dumps(event)
    try:
        with TemporaryFile() as output:
            return _run(command, text.encode(), variables(event), output)
    except OSError as error:
        return printable(str(error))
    finally:
        end_children()


def _run(command: list[str], stdin: bytes, env: Mapping[str, str], output: Any) -> str:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=output, stderr=output, env={**os.environ, **env}, start_new_session=True
    )
    try:
        process.communicate(stdin, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return f"not done within {SECONDS:.0f} s"
    if process.returncode == 0:
        return "ok"
    output.seek(-min(4096, output.seek(0, os.SEEK_END)), os.SEEK_END)
    lines = output.read().decode(errors="replace").split("\n")
    last = next((printable(line) for line in reversed(lines) if line.strip()), "it said nothing")
    return f"exit status {process.returncode}: {last}"


def variables(event: Mapping[str, Any]) -> dict[str, str]:
    """PODSHIFT_EVENT_APP, _KIND, _OUTCOME, …; empty for what the event does not have."""
    values = {f"PODSHIFT_EVENT_{name.upper()}": "" if value is None else str(value) for name, value in event.items()}
    return {name: value.replace("\0", "") for name, value in values.items()}


def end_children() -> None:
    """Kill what the command left running, and what that started, until nothing is left."""
    while children := list(_children()):
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _children() -> Iterator[int]:
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            with suppress(OSError):
                stat = (path / "stat").read_text(errors="replace")
                if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
                    yield int(path.name)


if __name__ == "__main__":
    main()
