"""A small web app that says which version it is, and that can misbehave in the ways that apps do.

It listens on $PORT. What it does wrong stands in $BEHAVIOUR, else in behaviour.txt beside this file:

    graceful            nothing: on SIGTERM it takes no new connection, finishes what is in flight, exits 0
    abrupt              exits at once on SIGTERM, whatever is in flight
    ignore-sigterm      only SIGKILL ends it
    crash               prints 30 lines and exits with 1 before it listens
    never-ready         runs, but never listens
    hangs               takes connections and never answers
    wrong-port          listens on the port after $PORT
    loopback-only       listens on 127.0.0.1
    status-500          answers 500 to everything
    errors              answers 500 to everything but /healthz: ready, and broken
    slow-start SECONDS  listens only after that time
"""

import base64
import hashlib
import http.server
import os
import signal
import sys
import threading
import time
import urllib.parse
from pathlib import Path

HERE = Path(__file__).parent
MAX_BODY = 100_000_000


def text_of(name: str, default: str) -> str:
    path = HERE / name
    return path.read_text().strip() if path.exists() else default


VERSION = text_of("version.txt", "v0")
BEHAVIOUR, _, SECONDS = (os.environ.get("BEHAVIOUR") or text_of("behaviour.txt", "graceful")).partition(" ")


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True  # idle keep-alive connections must not hold up the exit

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Answer)
        self.idle = threading.Condition()
        self.in_flight = 0
        self.ending = False

    def end(self) -> None:
        """Take no new connection; requests on open ones are answered with `Connection: close`."""
        self.ending = True
        # shutdown() waits for serve_forever(), which this thread runs
        threading.Thread(target=self.shutdown).start()

    def finish(self) -> None:
        self.server_close()
        with self.idle:
            self.idle.wait_for(lambda: self.in_flight == 0)

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a check that hangs up is nothing to print
            super().handle_error(request, client_address)


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together, in one write

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/stream":
            self.stream(int(query.get("events", 10)), float(query.get("seconds", 0.2)))
        elif url.path == "/slow":
            time.sleep(float(query.get("seconds", 2)))
            self.answer(f"slow hello from {VERSION}\n")
        elif url.path == "/healthz":
            self.answer("ok\n")
        elif url.path == "/headers":
            self.answer(str(self.headers))
        elif url.path == "/echo":
            self.echo()
        elif url.path == "/env":
            self.answer("".join(f"{name}\n" for name in sorted(os.environ)))
        else:
            self.answer(f"hello from {VERSION}\n")

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(min(size, MAX_BODY))
        if self.path == "/exit":
            os._exit(1)  # as if it died by itself
        self.answer(f"{len(body)} bytes to {VERSION}\n")

    def answer(self, text: str) -> None:
        body = text.encode()
        self.head("text/plain", "Content-Length", str(len(body)))
        self.wfile.write(body)

    def echo(self) -> None:
        """What a WebSocket begins with (RFC 6455), and then no frames: what comes is sent back, line by line."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        while line := self.rfile.readline():
            self.wfile.write(line)
            self.wfile.flush()

    def stream(self, events: int, seconds: float) -> None:
        """Server-sent events, chunked, so that a client sees where the stream was cut."""
        self.head("text/event-stream", "Transfer-Encoding", "chunked")
        for number in range(events):
            event = f"data: {number} from {VERSION}\n\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.flush()
            time.sleep(seconds)
        self.wfile.write(b"0\r\n\r\n")

    def head(self, kind: str, length: str, value: str) -> None:
        broken = BEHAVIOUR == "status-500" or (BEHAVIOUR == "errors" and self.path != "/healthz")
        self.send_response(500 if broken else 200)
        self.send_header("Content-Type", kind)
        self.send_header(length, value)
        if self.server.ending:
            self.send_header("Connection", "close")
        self.end_headers()

    def parse_request(self) -> bool:
        """A request has begun here and ends when it is flushed: see handle_one_request()."""
        with self.server.idle:
            self.server.in_flight += 1
        self.begun = True
        return super().parse_request()

    def handle_one_request(self) -> None:
        self.begun = False
        try:
            super().handle_one_request()
        finally:
            if self.begun:
                with self.server.idle:
                    self.server.in_flight -= 1
                    self.server.idle.notify_all()

    def log_message(self, *_: object) -> None:
        pass


def prepare() -> tuple[str, int]:
    """Where to listen, after whatever goes wrong before that."""
    port = int(os.environ.get("PORT", "8080"))
    if BEHAVIOUR == "crash":
        for number in range(1, 31):
            print(f"start, line {number}", flush=True)
        sys.exit(1)
    if BEHAVIOUR == "slow-start":
        time.sleep(float(SECONDS))
    while BEHAVIOUR == "never-ready":
        time.sleep(3600)
    if BEHAVIOUR == "wrong-port":
        port += 1
    return ("127.0.0.1" if BEHAVIOUR == "loopback-only" else ""), port


def serve() -> None:
    if BEHAVIOUR == "ignore-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:  # as PID 1 it would not even get a SIGTERM that it has no handler for
        signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    server = Server(prepare())
    print(f"{VERSION} listens on {server.server_address}", flush=True)
    if BEHAVIOUR == "hangs":
        threading.Event().wait()
    if BEHAVIOUR not in {"abrupt", "ignore-sigterm"}:
        signal.signal(signal.SIGTERM, lambda *_: server.end())
    server.serve_forever(poll_interval=0.05)  # how soon it sees end()
    server.finish()
    print(f"{VERSION} has finished", flush=True)


if __name__ == "__main__":
    serve()
