"""One GET over HTTP/3: QUIC on the address that the HTTPS edge publishes for UDP."""

import asyncio
from pathlib import Path

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent

SECONDS = 20.0


class OneGet(QuicConnectionProtocol):
    """Collects the answer to the only request of its connection."""

    def __init__(self, quic: QuicConnection, *more: object, **options: object) -> None:
        super().__init__(quic)
        self.http = H3Connection(quic)
        self.status, self.body = 0, b""
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def get(self, host: str, path: str) -> tuple[int, str]:
        names = {b":method": b"GET", b":scheme": b"https", b":authority": host.encode(), b":path": path.encode()}
        self.http.send_headers(self._quic.get_next_available_stream_id(), list(names.items()), end_stream=True)
        self.transmit()
        await asyncio.wait_for(self.answered, SECONDS)
        return self.status, self.body.decode()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated) and not self.answered.done():
            self.answered.set_exception(ConnectionError(event.reason_phrase))
        for one in self.http.handle_event(event):
            self._take(one)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self.status = int(dict(event.headers)[b":status"])
        elif isinstance(event, DataReceived):
            self.body += event.data
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended and not self.answered.done():
            self.answered.set_result(None)


def http3_get(address: str, host: str, path: str, authority: Path) -> tuple[int, str]:
    """Status and body of what the host, found at ADDR:PORT and trusted by the file `authority`, answers."""

    async def ask() -> tuple[int, str]:
        place, _, port = address.rpartition(":")
        configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=host)
        configuration.load_verify_locations(cafile=str(authority))
        async with connect(place, int(port), configuration=configuration, create_protocol=OneGet) as client:
            assert isinstance(client, OneGet)
            return await client.get(host, path)

    return asyncio.run(ask())
