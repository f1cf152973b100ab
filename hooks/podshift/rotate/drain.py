"""Wait until upstreams that get no new request have finished those they had."""

import time
from collections.abc import Sequence

from podshift.proxy import Upstreams

POLL_SECONDS = 0.05


def drain(proxy: Upstreams, backend: str, names: Sequence[str], seconds: float) -> int:
    """Wait until nothing is in flight at these upstreams. How many requests were cut when the time was up."""
    deadline = time.monotonic() + seconds
    while busy := _in_flight(proxy, backend, names):
        if time.monotonic() >= deadline:
            for name in busy:
                proxy.cut(backend, name)
            return sum(busy.values())
        time.sleep(POLL_SECONDS)
    return 0


def _in_flight(proxy: Upstreams, backend: str, names: Sequence[str]) -> dict[str, int]:
    servers = proxy.look(backend).servers
    return {name: servers[name].in_flight for name in names if name in servers and not servers[name].drained}
