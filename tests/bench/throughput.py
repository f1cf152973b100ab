"""Requests a second through a proxy, beside the app alone on the same kind of path: a published loopback port."""

import re
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.systems import System, wait_ready
from bench.workshop import BenchError, Workshop
from server.installation import free_port

CONNECTIONS = 64


@dataclass(frozen=True)
class Throughput:
    """Requests a second; each round asked the app alone and then through the proxy."""

    direct: tuple[float, ...]
    proxy: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return statistics.median(self.proxy)

    @property
    def share(self) -> float:
        return statistics.median(one / other for one, other in zip(self.proxy, self.direct, strict=True))


@contextmanager
def direct(workshop: Workshop) -> Iterator[int]:
    """The app without a proxy: its loopback port."""
    name, port = f"{workshop.name}-direct", free_port()
    workshop.network(name)
    image = workshop.build_version(0)
    workshop.run(name, image, "--init", f"--network={name}", f"--publish=127.0.0.1:{port}:8080")
    wait_ready(port)
    try:
        yield port
    finally:
        workshop.remove(name)


def measure(workshop: Workshop, system: System, direct_port: int, rounds: int, seconds: int) -> Throughput:
    pairs = [(wrk(direct_port, "localhost", seconds), wrk(system.port, system.host, seconds)) for _ in range(rounds)]
    done = Throughput(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))
    workshop.say(f"{system.name}: {done.per_second:,.0f} requests/s, {done.share:.2f} of direct")
    return done


def wrk(port: int, host: str, seconds: int) -> float:
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", f"Host: {host}", f"http://127.0.0.1:{port}/"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if not found or "Non-2xx" in said:
        raise BenchError(f"wrk: {said}")
    return float(found[1])
