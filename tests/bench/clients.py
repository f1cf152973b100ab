"""The long requests of the load: a large upload, an event stream and a WebSocket. No client ever retries.

Each lasts for about LONG_SECONDS, less than the drain time that every system is given: whoever cuts one, loses it.
"""

import asyncio
import base64
import os
from abc import ABC, abstractmethod
from contextlib import suppress

from load.client import PAUSE_AFTER_LOSS, Target
from load.http1 import LostError, read_answer, request_bytes
from load.tally import Tally

LONG_SECONDS = 3.0
UPLOAD_BYTES = 50 * 1024 * 1024
CHUNK = bytes(256 * 1024)
EVENTS = 30
FRAMES = 30


class LongClient(ABC):
    """One request after the other, each on a connection of its own."""

    label: str
    path: str

    def __init__(self, target: Target, tally: Tally, stop: asyncio.Event) -> None:
        self.target = target
        self.tally = tally
        self.stop = stop

    @abstractmethod
    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """The version that served it. Raises LostError, or OSError."""

    async def run(self) -> None:
        while not self.stop.is_set():
            sent = self.tally.now()
            try:
                version = await self._once()
            except (LostError, OSError, TimeoutError) as error:
                kind = error.kind if isinstance(error, LostError) else type(error).__name__
                self.tally.lost(self.label, kind, "GET", self.path, sent)
                await asyncio.sleep(PAUSE_AFTER_LOSS)
            else:
                self.tally.answered(self.label, version, sent, quick=False)

    async def _once(self) -> str:
        async with asyncio.timeout(self.target.timeout):
            try:
                reader, writer = await asyncio.open_connection(self.target.address, self.target.port)
            except OSError as error:
                raise LostError("connect") from error
            try:
                return await self.exchange(reader, writer)
            finally:
                writer.transport.abort()
                with suppress(OSError):
                    await writer.wait_closed()


class Upload(LongClient):
    """50 MB at a limited rate."""

    label, path = "upload", "/upload"

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        head = f"POST {self.path} HTTP/1.1\r\nHost: {self.target.host}\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n"
        writer.write(head.encode())
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while sent < UPLOAD_BYTES:
            writer.write(CHUNK)
            sent += len(CHUNK)
            await writer.drain()
            due = began + LONG_SECONDS * sent / UPLOAD_BYTES
            await asyncio.sleep(max(0.0, due - loop.time()))
        return last_word(await _answer(reader), starts_with=str(UPLOAD_BYTES))


class Stream(LongClient):
    """Server-sent events; all of them must come."""

    label, path = "stream", "/stream"

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(request_bytes("GET", self.path, self.target.host))
        body = await _answer(reader)
        if body.count(b"data: ") != EVENTS:
            raise LostError("body")
        return last_word(body)


class WebSocket(LongClient):
    """Text frames, each echoed before the next is sent, and a proper close."""

    label, path = "websocket", "/ws"

    async def exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {self.path} HTTP/1.1\r\nHost: {self.target.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101 "):
                raise LostError("status " + head[9:12].decode("latin-1"))
            for number in range(FRAMES):
                await self._echo(reader, writer, b"\x81", b"frame %d" % number)
                await asyncio.sleep(LONG_SECONDS / FRAMES)
            await self._echo(reader, writer, b"\x88", b"")
        except asyncio.IncompleteReadError as error:
            raise LostError("closed") from error
        return ""

    async def _echo(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: bytes, payload: bytes
    ) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        writer.write(kind + bytes([0x80 | len(payload)]) + mask + masked)
        if await reader.readexactly(2 + len(payload)) != kind + bytes([len(payload)]) + payload:
            raise LostError("body")


async def _answer(reader: asyncio.StreamReader) -> bytes:
    answer = await read_answer(reader)
    if answer.status != 200:
        raise LostError(f"status {answer.status}")
    return answer.body


def last_word(body: bytes, starts_with: str = "") -> str:
    """The version, which every answer of the app ends with. Raises LostError when the answer begins otherwise."""
    words = body.decode("utf-8", "replace").split()
    if not words or not words[0].startswith(starts_with):
        raise LostError("body")
    return words[-1]
