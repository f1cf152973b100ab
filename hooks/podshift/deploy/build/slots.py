"""So many builds at once on this server, whichever apps they are for; the kernel frees the place of a killed one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from podshift.deploy.installation import Installation
from podshift.deploy.queue import described
from podshift.lock import AppLock, exclusive
from podshift.records import Release
from podshift.report import Log
from podshift.settings import make_private

POLL_SECONDS = 0.1


@contextmanager
def build_slot(installation: Installation, release: Release, log: Log) -> Iterator[None]:
    """Hold one of the `parallel_builds` places. Who waits is told for what, once, and can be cancelled.

    They wait in a row: who came first looks for a free place, the others for their turn to look.
    """
    folder = make_private(installation.home.builds)
    what = f"build of {release.app} {release.name}"
    numbers = range(max(1, installation.settings.parallel_builds))
    slots = [AppLock(folder / f"slot-{number + 1}", what=what, who=release.pushed_by) for number in numbers]

    def waiting() -> None:
        holders = "; ".join(described(holder) for slot in slots if (holder := slot.holder()) and holder.pid)
        log.step("queue", f"waiting for a build to end, {len(slots)} at once (parallel_builds): {holders}")

    with exclusive(folder / "turn", on_wait=waiting) as waited:
        slot = _free(slots)
        if slot is None and not waited:
            waiting()
        while slot is None:
            time.sleep(POLL_SECONDS)
            slot = _free(slots)
    try:
        yield
    finally:
        slot.release()


def _free(slots: list[AppLock]) -> AppLock | None:
    return next((slot for slot in slots if slot.try_acquire()), None)
