"""How a container ended, as the engine tells it."""

import signal
from typing import NamedTuple

SIGNALLED = 128
UNITS = ((1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k"))


class Ending(NamedTuple):
    """The exit `status` of a container, 128 + n for signal n. `memory` is its limit in bytes; 0: none.

    Podman 4.3 does not tell of `out_of_memory` where cgroups are of version 1, so that SIGKILL has to do.
    """

    status: int
    out_of_memory: bool = False
    memory: int = 0

    @property
    def for_want_of_memory(self) -> bool:
        return bool(self.memory) and (self.out_of_memory or self.status == SIGNALLED + signal.SIGKILL)

    @property
    def words(self) -> str:
        """What goes after `exited`."""
        if self.for_want_of_memory:
            limit = next((f"{self.memory // size}{unit}" for size, unit in UNITS if not self.memory % size), "")
            limit = limit or f"{self.memory} bytes"
            return f": it was killed (SIGKILL), most likely for want of memory: its limit is {limit}"
        return f" with status {self.status}{self._signal}"

    @property
    def _signal(self) -> str:
        try:
            return f" ({signal.Signals(self.status - SIGNALLED).name})"
        except ValueError:
            return ""
