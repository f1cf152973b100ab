"""Stop what is under way."""

import os
import signal
import time

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.lock import AppLock, Holder

CANCEL_SECONDS = 30.0
POLL_SECONDS = 0.05
# What is soon over, and would be left half done.
SHORT = ("up", "repair", "destroy")


def cancel(installation: Installation, name: str) -> str:
    """Ask the deploy under way to stop; what it was. Raises PodshiftError when there is none."""
    installation.app(name)
    lock = AppLock(installation.home.lock(name))
    holder = lock.holder()
    if holder is None or not holder.alive():
        raise PodshiftError(f"nothing is under way for {name}", hint=f"podshift status {name}")
    if holder.what in SHORT:
        raise PodshiftError(f"{holder.what} cannot be cancelled", hint="it will not take long")
    before = installation.records.containers().get(name)
    os.kill(holder.pid, signal.SIGTERM)
    deadline = time.monotonic() + CANCEL_SECONDS
    while (now := lock.holder()) and now.pid == holder.pid:
        if time.monotonic() > deadline:
            raise _too_late(holder, name)
        time.sleep(POLL_SECONDS)
    live = installation.records.live_release(name)
    changed = installation.records.containers().get(name) != before
    if changed or (live and live.at >= holder.since):
        raise _too_late(holder, name)
    return holder.what


def _too_late(holder: Holder, name: str) -> PodshiftError:
    return PodshiftError(
        f"too late to cancel the {holder.what}: it is live already", hint=f"podshift rollback {name} goes back"
    )
