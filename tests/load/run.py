"""A load in a thread of its own, so that a test can push meanwhile."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from load.client import Client, Kind, Target
from load.result import Result
from load.tally import Tally

PORTS = {"http": 80, "https": 443}


class Load:
    """`clients` that alternate the `methods`, and `slow_clients` that ask for `slow_path` all the time.

        with Load("http://127.0.0.1:8080", host="hello.example") as load:
            load.wait_for(lambda tally: tally.requests > 200)
            push()
        assert load.result.failed == 0

    `host` is the Host header, by default the URL's. `pause`, in seconds, is how long a quick client thinks
    between two requests: it keeps the load well below what the machine can do. A request that takes longer
    than `timeout` seconds is lost. For https:// `host` is a host name, and `authority` the file by which its
    certificate is trusted.
    """

    def __init__(
        self,
        url: str,
        *,
        host: str | None = None,
        clients: int = 20,
        slow_clients: int = 0,
        slow_path: str = "/slow?seconds=2",
        pause: float = 0.005,
        timeout: float = 15.0,
        methods: Sequence[str] = ("GET", "POST"),
        authority: Path | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is no http:// or https:// URL")
        tls = ssl.create_default_context(cafile=authority) if parts.scheme == "https" else None
        port = parts.port or PORTS[parts.scheme]
        self._target = Target(parts.hostname, port, host or parts.netloc, timeout, tls)
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        asks = [(method, path) for method in methods]
        # Half of the clients begin with a POST, so that both are under way at any time.
        quick = [Kind(tuple(asks), pause), Kind(tuple(reversed(asks)), pause)]
        slow = Kind((("GET", slow_path),), slow=True)
        self._kinds = [quick[number % 2] for number in range(clients)] + [slow] * slow_clients
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._ready = threading.Event()
        self._result: Result | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        self.tally = Tally()
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> Result:
        """Ends the load when all requests in flight have come to their end. May be called again."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        return self.result

    @property
    def result(self) -> Result:
        """What was seen, once the load is stopped."""
        if self._error:
            raise self._error
        if self._result is None:
            raise RuntimeError("the load is still running")
        return self._result

    def wait_for(self, condition: Callable[[Tally], bool], timeout: float = 30.0) -> None:
        """Returns once the condition holds. Raises TimeoutError after `timeout` seconds."""
        deadline = self.tally.now() + timeout
        pause = threading.Event()
        while not condition(self.tally):
            if self.tally.now() > deadline or not self._thread.is_alive():
                raise TimeoutError(f"not within {timeout:g} s: {self.tally.result()}")
            pause.wait(0.02)

    def _run(self) -> None:
        try:
            asyncio.run(self._all_clients())
        except BaseException as error:
            self._error = error
        finally:
            self._result = self.tally.result()
            self._ready.set()

    async def _all_clients(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._ready.set()
        async with asyncio.TaskGroup() as group:
            for kind in self._kinds:
                group.create_task(Client(self._target, kind, self.tally, self._stop).run())
