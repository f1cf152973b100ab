"""Room on the disks that an installation writes to: its own, and the engine's."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from podshift.errors import PodshiftError
from podshift.settings import Home, Settings

MIB = 1024 * 1024


class Disk(NamedTuple):
    """A file system. `free` and `total` in bytes, `free_files` the share of its files that can still be made."""

    path: Path
    free: int
    total: int
    free_files: float

    def __str__(self) -> str:
        return f"{self.free / MIB:,.0f} MB of {self.total / MIB:,.0f} MB free at {self.path}"


def disks(home: Home, settings: Settings) -> Iterator[Disk]:
    """Each file system once."""
    seen = set()
    for path in (home.path, *([Path(settings.storage)] if settings.storage else [])):
        if path.exists() and (device := path.stat().st_dev) not in seen:
            seen.add(device)
            facts = os.statvfs(path)
            files = facts.f_favail / facts.f_files if facts.f_files else 1.0
            yield Disk(path, facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize, files)


def refuse_nearly_full(home: Home, settings: Settings) -> None:
    """Raises PodshiftError while less than `min_free_mb` is left: what comes, or its build, would fill the disk."""
    for disk in disks(home, settings):
        if disk.free < settings.min_free_mb * MIB:
            raise PodshiftError(
                f"the server's disk is nearly full: {disk}, and a push needs {settings.min_free_mb:,} MB",
                hint=f"on the server: podshift prune, or a lower min_free_mb in {home.settings_file}",
            )
