"""The load generator notices whatever a server does to a request, and never makes up for it by itself."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from load import Load, Result

TESTS = Path(__file__).parents[1]
Handler = Callable[[socket.socket, bytes], bool]
"""Gets a connection and a request's method, answers, and says whether the connection stays open."""


def whole(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def well(connection: socket.socket, method: bytes) -> bool:
    connection.sendall(whole(b"1024 bytes to v1\n" if method == b"POST" else b"hello from v1\n"))
    return True


class Server:
    """Answers `first`, in turn, to the first requests of all connections, then behaves well."""

    def __init__(self, first: list[Handler]) -> None:
        self.first = first
        self.connections = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        serving = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            serving.append(threading.Thread(target=self._serve, args=(connection,)))
            serving[-1].start()
        for thread in serving:
            thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := stream.readline():
                method = head.split()[0]
                while stream.readline() != b"\r\n":
                    pass
                if method == b"POST":
                    stream.read(1024)
                if not self._handler()(connection, method):
                    return

    def _handler(self) -> Handler:
        with self._lock:
            return self.first.pop(0) if self.first else well


@contextmanager
def server(*first: Handler) -> Iterator[Server]:
    running = Server(list(first))
    try:
        yield running
    finally:
        running.close()


def load_on(running: Server, *, requests: int = 6, timeout: float = 5.0) -> Result:
    """One client, so that the order of its requests is known: GET, POST, GET, …"""
    with Load(running.url, clients=1, pause=0.001, timeout=timeout) as load:
        load.wait_for(lambda tally: tally.requests >= requests)
    return load.result


def reset(connection: socket.socket, _: bytes) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())  # connection.close() would wait for the reader's file
    return False


def sends(data: bytes, *, stay: bool = False) -> Handler:
    def send(connection: socket.socket, _: bytes) -> bool:
        connection.sendall(data)
        return stay

    return send


def waits(connection: socket.socket, _: bytes) -> bool:
    connection.recv(1)  # until the client has given up
    return False


@pytest.mark.parametrize(
    ("kind", "misbehave"),
    [
        ("closed", sends(b"")),
        ("short", sends(b"HTTP/1.1 200 OK\r\nContent-")),
        ("short", sends(whole(b"hello from v1\n")[:-4])),
        ("short", sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")),
        ("status 500", sends(whole(b"oh\n", "500 Internal Server Error"), stay=True)),
        ("status 503", sends(b"HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\nno server")),
        ("malformed", sends(b"HTTP/1.1 200 OK\r\n\r\nhello from v1\n")),
        ("malformed", sends(b"220 mail.example ESMTP\r\n\r\n")),
        ("body", sends(whole(b""), stay=True)),
        ("reset", reset),
    ],
)
def test_a_lost_get_is_counted_once_with_its_kind(kind: str, misbehave: Handler) -> None:
    with server(misbehave) as running:
        result = load_on(running)
    assert (result.failed, result.by_kind) == (1, {kind: 1})
    assert (result.failures[0].method, result.failures[0].kind) == ("GET", kind)
    assert running.connections == 2


def test_a_post_of_which_the_app_got_less_is_lost() -> None:
    with server(well, sends(whole(b"1000 bytes to v1\n"), stay=True)) as running:
        result = load_on(running)
    assert result.by_kind == {"body": 1}
    assert result.failures[0].method == "POST"


def test_a_request_without_an_answer_in_time_is_lost() -> None:
    with server(well, waits) as running:
        result = load_on(running, timeout=0.2)
    assert result.by_kind == {"timeout": 1}
    assert 0.2 <= result.failures[0].after < 1


def test_an_idle_connection_closed_without_a_word_costs_the_next_request() -> None:
    with server(sends(whole(b"hello from v1\n"))) as running:
        result = load_on(running)
    assert result.failed == 1
    assert set(result.by_kind) <= {"closed", "reset"}


def test_an_announced_close_costs_nothing() -> None:
    with server(sends(whole(b"hello from v1\n", "200 OK", "Connection: close"))) as running:
        result = load_on(running)
    assert (result.failed, running.connections) == (0, 2)


def test_one_connection_serves_all_while_the_server_behaves() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n7\r\nfrom v1\r\n0\r\n\r\n"
    with server(well, well, sends(chunked, stay=True)) as running:
        result = load_on(running)
    assert (result.failed, running.connections) == (0, 1)
    assert set(result.by_method) == {"GET", "POST"}
    assert 0 < result.p50 <= result.p99 <= result.longest


def test_nobody_listens() -> None:
    with server() as running:
        pass
    assert set(load_on(running, requests=2).by_kind) == {"connect"}


def test_versions_are_seen_with_their_times() -> None:
    with server(well, well, sends(whole(b"hello from v2\n"), stay=True)) as running:
        result = load_on(running)
    assert list(result.versions) == ["v1", "v2"]
    assert result.versions["v1"].first < result.versions["v2"].first == result.versions["v2"].last
    assert result.versions["v2"].answers == 1


def test_a_request_in_flight_at_the_end_is_awaited() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slowly(connection: socket.socket, method: bytes) -> bool:
        asked.set()
        go_on.wait(5)
        return well(connection, method)

    with server(slowly) as running:
        load = Load(running.url, clients=0, slow_clients=1).start()
        assert asked.wait(5)
        stopping = threading.Thread(target=load.stop)
        stopping.start()
        go_on.set()
        stopping.join()
    assert (load.result.requests, load.result.failed, load.result.by_method) == (1, 0, {"slow": 1})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_result_when_it_is_stopped(number: int) -> None:
    asked = threading.Event()

    def first(connection: socket.socket, method: bytes) -> bool:
        asked.set()
        return sends(whole(b"", "502 Bad Gateway"), stay=True)(connection, method)

    with server(first) as running:
        command = [sys.executable, "-m", "load", running.url, "--clients", "2", "--json"]
        with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE) as process:
            assert asked.wait(10)
            process.send_signal(number)
            output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert json.loads(output)["by_kind"] == {"status 502": 1}


def test_the_command_prints_one_line_and_exits_with_0() -> None:
    with server() as running:
        command = [sys.executable, "-m", "load", running.url, "--seconds", "0.2"]
        done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert " 0 failed · p50 " in done.stdout
