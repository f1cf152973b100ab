"""One change of an app at a time; whoever comes second waits, and is told for whom."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from podshift.deploy.installation import Installation
from podshift.lock import AppLock, Holder
from podshift.records import App
from podshift.report import Log, ago


def described(holder: Holder) -> str:
    """What is under way, and by whom where somebody asked for it: `deploy of 1f2e3d4 by ada`."""
    return f"{holder.what} by {holder.who}" if holder.who else holder.what


@contextmanager
def queued(
    installation: Installation, app: App, log: Log, *, what: str, who: str,
    prepare: Callable[[], None] = lambda: None,
) -> Iterator[AppLock]:  # fmt: skip
    """Hold the app's lock, after waiting for it as long as it takes; `prepare` comes first once it is ours."""
    lock = AppLock(installation.home.lock(app.name), what=what, who=who)

    def waiting(holder: Holder) -> None:
        log.step("queue", f"waiting for the {described(holder)}, begun {ago(time.time() - holder.since)}")

    lock.acquire(waiting)
    try:
        installation.app(app.name)  # it may have been destroyed while we waited
        prepare()
        yield lock
    finally:
        lock.release()
