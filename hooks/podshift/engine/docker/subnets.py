"""Which subnet a new network gets: small ones, so that one of docker's own few pools is enough for many apps."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import chain

PREFIX = 24
# What docker takes subnets from where nobody says otherwise (libnetwork, ipamutils), without its first, docker0's.
DEFAULT_POOLS = tuple(map(IPv4Network, (*(f"172.{number}.0.0/16" for number in range(18, 32)), "192.168.0.0/16")))


def free_subnets(pools: Iterable[IPv4Network], used: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    """Every /24 of the pools that overlaps nothing that is used."""
    taken = list(used)
    parts = (pool.subnets(new_prefix=PREFIX) for pool in pools if pool.prefixlen <= PREFIX)
    return (one for one in chain.from_iterable(parts) if not any(one.overlaps(other) for other in taken))


def routed(table: str) -> Iterator[IPv4Network]:
    """The destinations in /proc/net/route, in hexadecimal and of this machine's byte order, but for the default."""
    for words in (line.split() for line in table.splitlines()[1:]):
        destination, mask = (int.from_bytes(bytes.fromhex(words[n]), "little") for n in (1, 7))
        if mask:
            yield IPv4Network((destination, str(IPv4Address(mask))))
