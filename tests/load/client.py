"""One keep-alive client. It never retries; it takes a new connection only when the server said
`Connection: close`, or after a request that was counted as lost."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle

from load.http1 import Answer, LostError, read_answer, request_bytes
from load.tally import Tally

POST_BODY = b"x" * 1024
PAUSE_AFTER_LOSS = 0.05  # a server that refuses must not be hammered


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and how. Times in seconds. With `tls`, the host is also the name in the handshake."""

    address: str
    port: int
    host: str
    timeout: float
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """What a client asks, in turn: methods and paths. `pause` in seconds, between two requests."""

    requests: tuple[tuple[str, str], ...]
    pause: float = 0.0
    slow: bool = False


class Client:
    def __init__(self, target: Target, kind: Kind, tally: Tally, stop: asyncio.Event) -> None:
        self._target = target
        self._kind = kind
        self._tally = tally
        self._stop = stop
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        """Until `stop` is set; the request in flight then still comes to its end."""
        requests: Iterator[tuple[str, str]] = cycle(self._kind.requests)
        try:
            while not self._stop.is_set():
                whole = await self._request(*next(requests))
                await asyncio.sleep(self._kind.pause if whole else PAUSE_AFTER_LOSS)
        finally:
            await self._hang_up()

    async def _request(self, method: str, path: str) -> bool:
        sent = self._tally.now()
        label = "slow" if self._kind.slow else method
        try:
            async with asyncio.timeout(self._target.timeout):
                answer = await self._exchange(method, path)
            version = check(answer, method)
        except (LostError, TimeoutError) as error:
            kind = error.kind if isinstance(error, LostError) else "timeout"
            self._tally.lost(label, kind, method, path, sent)
            await self._hang_up()
            return False
        self._tally.answered(label, version, sent, quick=not self._kind.slow)
        if answer.closes:
            await self._hang_up()
        return True

    async def _exchange(self, method: str, path: str) -> Answer:
        reader, writer = self._streams or await self._connect()
        body = POST_BODY if method == "POST" else b""
        writer.write(request_bytes(method, path, self._target.host, body))
        return await read_answer(reader)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            self._streams = await asyncio.open_connection(
                self._target.address, self._target.port, ssl=self._target.tls,
                server_hostname=self._target.host if self._target.tls else None,
            )  # fmt: skip
        except OSError as error:  # ssl.SSLError is one
            raise LostError("connect") from error
        return self._streams

    async def _hang_up(self) -> None:
        if self._streams:
            writer = self._streams[1]
            self._streams = None
            writer.transport.abort()  # close() would wait for a server that reads no more
            with suppress(OSError):
                await writer.wait_closed()


def check(answer: Answer, method: str) -> str:
    """The version that answered: the last word of the body. Raises LostError for a wrong status or body."""
    if answer.status != 200:
        raise LostError(f"status {answer.status}")
    words = answer.body.decode("utf-8", "replace").split()
    if not words or (method == "POST" and words[0] != str(len(POST_BODY))):
        raise LostError("body")  # the app says how much of the request has reached it
    return words[-1]
