"""Secrets on their way to the engine are files in memory, which a killed process leaves behind.

A rootless engine cannot read /proc/PID/fd of a process outside its user namespace, so they must have names; they are
0600, or in a folder that is 0700.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - tempfile makes the names
PREFIX = "podshift-"


def private_prefix(what: str) -> str:
    """What a name begins with; it says whose the file is."""
    return f"{PREFIX}{what}-{os.getpid()}-"


def forget_stale_secrets() -> None:
    """Remove what processes of this user left in memory that were killed."""
    for path in MEMORY.glob(f"{PREFIX}*-*-*"):
        pid = path.name.split("-")[2]
        with suppress(OSError):
            if pid.isdecimal() and not Path("/proc", pid).exists() and path.stat().st_uid == os.geteuid():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
