"""What a rotation asks of whoever leads requests to containers: HAProxy, or the network alias alone."""

from typing import Protocol

from podshift.proxy.runtime import BackendCounts
from podshift.records import Placed


class Upstreams(Protocol):
    """Methods raise PodshiftError. The proxy's docstrings say what each is to do."""

    def add(self, backend: str, upstream: Placed) -> None: ...

    def switch(self, backend: str, on: list[str], off: list[str]) -> None: ...

    def look(self, backend: str) -> BackendCounts: ...

    def cut(self, backend: str, container: str) -> None: ...

    def forget(self, backend: str, container: str) -> bool: ...

    def held(self, backend: str) -> int: ...

    def hold(self, backend: str, seconds: int) -> None: ...
