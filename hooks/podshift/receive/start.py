"""From a hook to a deploy: in a process of its own, while the hook relays its log to the pusher."""

import gc

from podshift.deploy.installation import Installation
from podshift.deploy.release.background import Cancellation, in_background
from podshift.deploy.release.push import Wish, deploy_commit
from podshift.report import Log
from podshift.settings import Home


def deploy(home: Home, wish: Wish) -> bool:
    """Whether it went well; what did not was said to the pusher. No SQLite connection may be open: they do not
    survive the fork."""
    gc.freeze()
    gc.enable()  # what is imported by now stays; a deploy may take an hour

    def work(log: Log, cancellation: Cancellation) -> None:
        with Installation(home) as own:
            deploy_commit(own, wish, log, cancellation)

    return in_background(home, wish.app, work) == 0
