"""What a new container must show beside the proxy's check, if its files ask for it."""

import time
from typing import TYPE_CHECKING

from podshift.engine import Engine
from podshift.model import Readiness
from podshift.records import Placed

if TYPE_CHECKING:
    from podshift.asking.asking import Asking

# How often the image's own check is run until it passes, in seconds.
HEALTHCHECK_SECONDS = 0.5


class Confirmation:
    """A text that the answer must have in it, and the HEALTHCHECK of the image. Nothing is asked before done()."""

    def __init__(self, engine: Engine, place: Placed, readiness: Readiness, pid: int) -> None:
        self.engine = engine
        self.place = place
        self.readiness = readiness
        self.pid = pid
        self.asking: Asking | None = None
        self.next_check = 0.0
        self.missing = ""
        """What done() still missed, as a person reads it."""

    def done(self, left: float) -> bool:
        """To be called again and again, until it is; it has `left` so many seconds."""
        return self._has_content() and self._is_healthy(left)

    def end(self) -> None:
        if self.asking:
            self.asking.end()

    def _has_content(self) -> bool:
        content = self.readiness.content
        if not content or not self.place.is_web:
            return True
        if self.asking is None:
            from podshift.asking.asking import Asking  # most apps ask for no content

            self.asking = Asking(self.engine, self.pid, self.place, content=content)
        check, _, _ = self.asking.look()
        self.missing = f"its answer to GET {self.place.ready_path} does not have {content!r} in it"
        return check == "L7OK"

    def _is_healthy(self, left: float) -> bool:
        if not self.readiness.healthcheck:
            return True
        now = time.monotonic()
        if now < self.next_check:
            return False
        self.next_check = now + HEALTHCHECK_SECONDS
        self.missing = "the HEALTHCHECK of its image does not pass"
        return self.engine.healthy(self.place.name, max(left, HEALTHCHECK_SECONDS))
