"""One HTTP/1.1 answer, read strictly from an open connection.

Our own reader, because HTTP libraries retry and reconnect by themselves, each by other rules, and so hide
what a deploy lost.
"""

import asyncio
from dataclasses import dataclass


class LostError(Exception):
    """A request that failed. `kind` is one of these:

    connect    no connection could be made
    reset      the connection was reset
    closed     the connection ended before a byte of the answer, unannounced
    short      it ended in mid-answer
    malformed  what came is no HTTP/1.1, or its end cannot be told from a cut
    timeout    the answer was not whole in time
    status NNN anything but 200
    body       the answer is whole and wrong: the app got less than was sent
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    closes: bool
    """The server has said that this connection ends here: the next request may use a new one."""


def request_bytes(method: str, target: str, host: str, body: bytes = b"") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{length}\r\n".encode() + body


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """The whole answer. Raises LostError when the connection ends before it does, or it is no HTTP/1.1."""
    try:
        return await _read(reader)
    except asyncio.IncompleteReadError as error:
        raise LostError("short" if error.partial else "closed") from error
    except OSError as error:
        raise LostError("reset") from error
    except (ValueError, asyncio.LimitOverrunError) as error:
        raise LostError("malformed") from error


async def _read(reader: asyncio.StreamReader) -> Answer:
    version, status, headers = _parse_head(await reader.readuntil(b"\r\n\r\n"))
    try:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await _read_chunks(reader)
        else:
            body = await reader.readexactly(int(headers["content-length"]))
    except asyncio.IncompleteReadError as error:
        raise LostError("short") from error
    except KeyError as error:
        raise LostError("malformed" if status == 200 else f"status {status}") from error
    return Answer(status, body, version == "HTTP/1.0" or headers.get("connection", "").lower() == "close")


def _parse_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    version, status, *_ = first.split(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise ValueError(first)
    pairs = (line.partition(":") for line in lines)
    return version, int(status), {name.lower(): value.strip() for name, _, value in pairs}


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        chunks.append(await reader.readexactly(size))
        if await reader.readexactly(2) != b"\r\n":
            raise LostError("malformed")
    await reader.readuntil(b"\r\n")
    return b"".join(chunks)
