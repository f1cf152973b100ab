"""The load of the bench: every kind of request at once, and a tally that knows when each was sent."""

import asyncio
import threading
from array import array
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bench.clients import Stream, Upload, WebSocket
from load.client import Client, Kind, Target
from load.tally import Tally

QUICK_CLIENTS, SLOW_CLIENTS, UPLOADS, STREAMS, SOCKETS = 20, 4, 1, 4, 4
QUICK_PAUSE = 0.005
TIMEOUT = 15.0
KINDS = ("GET", "POST", "slow", "upload", "stream", "websocket")

Window = tuple[float, float]


class TimedTally(Tally):
    """A tally that also keeps when each quick request was sent, and what was lost by the label of its client."""

    def __init__(self) -> None:
        super().__init__()
        self.lost_by_label: Counter[str] = Counter()
        self.last_sent: dict[str, float] = {}
        self._sent = array("d")
        self._took = array("d")

    def answered(self, label: str, version: str, sent: float, *, quick: bool) -> None:
        super().answered(label, version, sent, quick=quick)
        if quick:
            self.last_sent[version] = max(sent, self.last_sent.get(version, 0.0))
            self._sent.append(sent)
            self._took.append(self.now() - sent)

    def lost(self, label: str, kind: str, method: str, target: str, sent: float) -> None:
        super().lost(label, kind, method, target, sent)
        self.lost_by_label[label] += 1

    def p99(self, windows: Sequence[Window], *, inside: bool) -> float:
        """Of the quick requests that were sent inside these times, or outside of all of them; in seconds."""
        took = sorted(
            took
            for sent, took in zip(self._sent, self._took, strict=True)
            if any(begin <= sent <= end for begin, end in windows) is inside
        )
        return took[len(took) * 99 // 100] if took else 0.0


class MixedLoad:
    """All clients in a thread of their own, until the block ends; what is in flight then comes to its end."""

    def __init__(self, port: int, host: str) -> None:
        self.tally = TimedTally()
        self._target = Target("127.0.0.1", port, host, TIMEOUT)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all_clients()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=None if error is None else 1)

    async def _all_clients(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        asks = (("GET", "/"), ("POST", "/"))
        quick = [Kind(asks, QUICK_PAUSE), Kind(asks[::-1], QUICK_PAUSE)]
        kinds = [quick[number % 2] for number in range(QUICK_CLIENTS)]
        kinds += [Kind((("GET", "/slow"),), slow=True)] * SLOW_CLIENTS
        long = [Upload] * UPLOADS + [Stream] * STREAMS + [WebSocket] * SOCKETS
        async with asyncio.TaskGroup() as group:
            for kind in kinds:
                group.create_task(Client(self._target, kind, self.tally, self._stop).run())
            for client in long:
                group.create_task(client(self._target, self.tally, self._stop).run())
            self._ready.set()
