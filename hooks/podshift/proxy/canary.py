"""A canary: a share of an app's requests goes to new upstreams, by lot; the others are balanced as ever.

Weights would be no shares of requests: leastconn takes turns among upstreams that are idle. So
templates/haproxy.cfg.j2 draws one of 10,000 lots for each request while canary.map has its backend.
"""

from collections.abc import Sequence

from podshift.errors import PodshiftError
from podshift.proxy.runtime import Proxy, map_file, word
from podshift.proxy.upstreams import Upstreams

LOTS = 10_000


def begin_canary(proxy: Upstreams, backend: str, names: Sequence[str], percent: int) -> None:
    """So many percent of the requests go to `names`, which are drained: `use-server` does not mind that.

    They are ready for an instant first. HAProxy 2.6 balances an upstream that was drained all its life again as soon
    as it has answered a request (leastconn puts it in its tree, from which only the end of being ready takes it).
    """
    if not isinstance(proxy, Proxy):
        raise PodshiftError("only podshift's own proxy can give a release a share of the requests", hint="leave it out")
    end_canary(proxy, backend)
    servers = [f"set server {word(backend)}/{word(name)} state" for name in names]
    proxy.tell(*(f"{server} {state}" for state in ("ready", "drain") for server in servers))
    entries = {f"{backend}/of": f"{len(names)}", **{f"{backend}/{n}": name for n, name in enumerate(names)}}
    entries[backend] = f"{percent * LOTS // 100}"  # last: with this one it begins
    proxy.tell(*(f"add map {map_file('canary')} {entry} {value}" for entry, value in entries.items()))


def end_canary(proxy: Upstreams, backend: str) -> None:
    """All requests are balanced as ever, from one command on. Nothing happens where there is no canary."""
    if not isinstance(proxy, Proxy):
        return
    present = [entry for entry in proxy.entries("canary") if entry == backend or entry.startswith(f"{backend}/")]
    proxy.tell(*(f"del map {map_file('canary')} {word(entry)}" for entry in sorted(present)))
