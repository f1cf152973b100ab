"""Why a container is not ready: what the proxy's check saw, beside the ports that are really listened on."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from podshift import readiness
from podshift.engine import Container, Ending, EngineError
from podshift.errors import PodshiftError
from podshift.exits import exited, hinted
from podshift.model import Readiness
from podshift.proxy import Proxy, ServerState
from podshift.readiness import await_ready, listening_ports
from podshift.records import Placed
from server.processes import ProcessEngine

PLACE = Placed("web-1", "web", "10.89.0.130", 8080, "/healthz")

DIAGNOSES = [
    # check    code  ports that it listens on   what is said                                        what to do
    ("L4CON",  None, [],                        "nothing listens on port 8080",                     "slow"),
    ("L4CON",  None, [("0.0.0.0", 3000)],       "nothing listens on port 8080",                     "$PORT"),
    ("L4CON",  None, [("127.0.0.1", 8080)],     "it listens on port 8080, but only on 127.0.0.1",   "0.0.0.0"),
    ("L4CON",  None, [("127.0.0.1", 8080), ("0.0.0.0", 9000)],
                                                "it listens on port 8080, but only on 127.0.0.1",   "0.0.0.0"),
    ("L4CON",  None, [("0.0.0.0", 8080)],       "no answer to GET /healthz yet, but by now it listens",
                                                                                                    "timeout"),
    ("L4CON",  None, [("[::1]", 8080)],         "it listens on port 8080, but only on 127.0.0.1",   "0.0.0.0"),
    ("L7STS",  500,  [("0.0.0.0", 8080)],       "it answered 500 to GET /healthz",                  "web.ready"),
    ("L7OK",   404,  [("0.0.0.0", 8080)],       "it answered 404 to GET /healthz, and 200-299, 304 is wanted",
                                                                                                    "web.ready"),
    ("L7TOUT", None, [("0.0.0.0", 8080)],       "no answer to GET /healthz",                        "web.ready"),
    ("L4TOUT", None, [("0.0.0.0", 8080)],       "no answer to GET /healthz",                        "web.ready"),
    ("INI",    None, [],                        "no answer to GET /healthz",                        "web.ready"),
    ("INI",    None, [("0.0.0.0", 8080)],       "no answer to GET /healthz",                        "web.ready"),
    ("INI",    None, [("0.0.0.0", 3000)],       "nothing listens on port 8080",                     "$PORT"),
    ("L7RSP",  None, [("0.0.0.0", 8080)],       "what came from port 8080 was no HTTP answer (L7RSP)", "web.port"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "code", "ports", "said", "hint"), DIAGNOSES)
def test_what_the_proxy_saw_and_what_to_do(
    check: str, code: int | None, ports: list[tuple[str, int]], said: str, hint: str
) -> None:
    server = ServerState("DRAIN", check, code, in_flight=0, answered=0, failed=0)
    saw, todo = readiness._diagnosis(PLACE, Readiness("/healthz", ((200, 299), (304, 304))), server, ports)
    assert saw.startswith(said)
    assert hint in todo


def test_an_upstream_that_the_proxy_lost_has_no_answer() -> None:
    saw, _ = readiness._diagnosis(PLACE, Readiness("/healthz"), None, [])
    assert saw == "no answer to GET /healthz"


def test_listening_ports_are_those_that_a_process_can_be_reached_on() -> None:
    with contextlib.ExitStack() as stack:

        def bound(family: socket.AddressFamily, address: str, *, listens: bool = True) -> int:
            one = stack.enter_context(socket.socket(family))
            one.bind((address, 0))
            if listens:
                one.listen()
            return int(one.getsockname()[1])

        everywhere = bound(socket.AF_INET, "0.0.0.0")
        loopback = bound(socket.AF_INET, "127.0.0.1")
        another = bound(socket.AF_INET, "127.1.2.3")
        silent = bound(socket.AF_INET, "127.0.0.1", listens=False)
        everywhere_6 = bound(socket.AF_INET6, "::")
        loopback_6 = bound(socket.AF_INET6, "::1")
        client = stack.enter_context(socket.create_connection(("127.0.0.1", loopback)))
        own = client.getsockname()[1]
        found = set(listening_ports(os.getpid()))
    assert {
        ("0.0.0.0", everywhere),
        ("127.0.0.1", loopback),
        ("127.1.2.3", another),
        ("0.0.0.0", everywhere_6),
        ("[::1]", loopback_6),
    } <= found
    ports = {port for _, port in found}
    assert silent not in ports
    assert own not in ports


def test_a_process_that_is_gone_listens_on_nothing() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert listening_ports(child.pid) == []


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ProcessEngine]:
    engine = ProcessEngine(tmp_path)
    yield engine
    for name in list(engine.processes):
        engine.end(name)


def test_a_container_that_nobody_asks_must_only_stay_up(engine: ProcessEngine, tmp_path: Path) -> None:
    worker = Placed("worker-1", "worker", "", 0)
    engine.run(("worker-1", "0", "never-ready"))
    await_ready(engine, Proxy(tmp_path), "hello", "b0", [(worker, Readiness(timeout=0.1))])


def test_one_that_exits_is_noticed_at_once_with_its_first_and_last_lines(engine: ProcessEngine, tmp_path: Path) -> None:
    worker = Placed("worker-1", "worker", "", 0)
    engine.run(("worker-1", "0", "crash"))
    with pytest.raises(PodshiftError, match=r"worker-1 exited at start with status 1$") as caught:
        await_ready(engine, Proxy(tmp_path), "hello", "b0", [(worker, Readiness(timeout=600))])
    shown = [f"start, line {number}" for number in (*range(1, 9), *range(14, 31))]
    assert caught.value.details == (*shown[:8], "(5 lines left out)", *shown[8:])


def test_one_that_exits_without_a_word(engine: ProcessEngine) -> None:
    """What there is to say is its status; a hint at what it printed would lead nowhere."""
    engine.silent.add("worker-1")
    engine.run(("worker-1", "0", "crash"))
    engine.processes["worker-1"].wait()
    error = exited(engine, "worker-1", "worker", " at start")
    assert error.lines()[0] == "error: worker-1 exited at start with status 1"
    assert error.hint.startswith("it printed nothing")


@pytest.mark.parametrize(
    ("ending", "process", "said", "hint"),
    [
        (Ending(0), "worker", "with status 0", "its command has to go on for as long as the app runs"),
        (Ending(137, memory=10 << 20), "web", "its limit is 10m", "raise web.memory in podshift.toml"),
        (Ending(137, memory=10 << 20), "job", "its limit is 10m", "raise process.job.memory in podshift.toml"),
        (None, "web", "exited at start", "it printed nothing"),
    ],
)
def test_what_to_do_about_an_end(
    engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch, ending: Ending | None, process: str, said: str, hint: str
) -> None:
    """One that runs again is looked at for a moment only."""
    monkeypatch.setattr(engine, "ending", lambda _: ending)
    monkeypatch.setattr(engine, "logs", lambda *_: [])
    error = exited(engine, "hello-1", process, " at start")
    assert error.message.endswith(said)
    assert hint in error.hint


@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [
        (125, "Error: no command or entrypoint provided, and no CMD or ENTRYPOINT from image", "give it a CMD"),
        (126, "Error: unable to find user nosuch: no matching entries in passwd file", "USER in the Containerfile"),
        (127, 'exec: "nosuch": executable file not found in $PATH: unknown', "no such program"),
        (125, "Error: unknown flag: --nosuch", "podshift render hello"),
        (125, "Error: invalid value for memory: invalid size: 'abc'", "podshift render hello"),
        (125, 'the container name "hello-web-2-1" is already in use', "no-engine ps --all"),
        (126, "Error: something else", "the image's command and user; podshift render hello"),
        (1, "Error: something else", ""),
    ],
)
def test_a_container_that_cannot_be_started_at_all(engine: ProcessEngine, status: int, words: str, hint: str) -> None:
    with pytest.raises(EngineError) as caught, hinted(engine, "hello"):
        raise EngineError(f"podman run failed with status {status}", words, status=status)
    assert hint in caught.value.hint
    assert bool(caught.value.hint) == bool(hint)


def test_a_hint_of_the_engine_s_own_stays(engine: ProcessEngine) -> None:
    with pytest.raises(EngineError) as caught, hinted(engine, "hello"):
        raise EngineError("docker run failed with status 125", "no daemon", hint="start it", status=125)
    assert caught.value.hint == "start it"


def test_an_end_that_the_engine_tells_of_only_later(engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([None, None, Ending(3)])
    monkeypatch.setattr(engine, "ending", lambda _: next(told))
    monkeypatch.setattr(engine, "logs", lambda *_: [])
    assert exited(engine, "hello-1", "web", " at start").message == "hello-1 exited at start with status 3"


def test_one_that_had_exited_before_anybody_looked_is_noticed_too(engine: ProcessEngine, tmp_path: Path) -> None:
    worker = Placed("worker-1", "worker", "", 0)
    engine.run(("worker-1", "0", "crash"))
    engine.processes["worker-1"].wait()
    with pytest.raises(PodshiftError, match="worker-1 exited at start"):
        await_ready(engine, Proxy(tmp_path), "hello", "b0", [(worker, Readiness(timeout=600))])


def test_one_that_the_engine_tells_of_late_must_stay_up_from_then_on(
    engine: ProcessEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine Docker needs longer than the worker's whole time-out, and starts anew what exited meanwhile."""
    late = 0.0
    listed = engine.containers

    def list_late(**labels: str) -> list[Container]:
        nonlocal late
        late += 5.0
        engine.run(("worker-1", "0", "crash"))
        return listed(**labels)

    monkeypatch.setattr(readiness.time, "monotonic", lambda now=time.monotonic: now() + late)
    monkeypatch.setattr(engine, "containers", list_late)
    with pytest.raises(PodshiftError, match="worker-1 exited at start"):
        await_ready(
            engine, Proxy(tmp_path), "hello", "b0", [(Placed("worker-1", "worker", "", 0), Readiness(timeout=2))]
        )


def test_waiting_leaves_no_descriptor_open(engine: ProcessEngine, tmp_path: Path) -> None:
    worker = Placed("worker-1", "worker", "", 0)
    engine.run(("worker-1", "0", "never-ready"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        await_ready(engine, Proxy(tmp_path), "hello", "b0", [(worker, Readiness(timeout=0.05))])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
