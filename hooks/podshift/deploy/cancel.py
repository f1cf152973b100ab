"""Stop what is under way."""

import os
import signal
import time

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.lock import AppLock

CANCEL_SECONDS = 30.0
POLL_SECONDS = 0.05


def cancel(installation: Installation, name: str) -> str:
    """Ask the deploy under way to stop; what it was. Raises PodshiftError when there is none."""
    installation.app(name)
    lock = AppLock(installation.home.lock(name))
    holder = lock.holder()
    if holder is None or not holder.alive():
        raise PodshiftError(f"nothing is under way for {name}", hint=f"podshift status {name}")
    os.kill(holder.pid, signal.SIGTERM)
    deadline = time.monotonic() + CANCEL_SECONDS
    while (now := lock.holder()) and now.pid == holder.pid:
        if time.monotonic() > deadline:
            raise PodshiftError(f"the {holder.what} goes on: it is past the point of no return")
        time.sleep(POLL_SECONDS)
    return holder.what
