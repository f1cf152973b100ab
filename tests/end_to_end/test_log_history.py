"""podshift logs over releases and processes: in the order of time, from containers that are gone too."""

import os
import pty
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

from podshift.deploy.app.logfiles import LogFile
from server import App, Checkout
from server.installation import PODSHIFT, PROGRAM, wait_until

WORKER = (
    '[web]\nwatch = "0s"\n[process.worker]\ncommand = ["sh", "-c", "echo working for $PODSHIFT_RELEASE; sleep 1000"]\n'
)
# Not podshift's own: the engine has to be asked for what a container printed.
ANOTHER_DRIVER = {
    "podman": "--init\n--log-driver=k8s-file\n--log-opt=path={{ '/tmp/' ~ app ~ '.log' }}\n",
    "docker": "--init\n--log-driver=local\n",
}[PROGRAM]


def lines(app: App, *arguments: str) -> list[str]:
    return app.server.podshift("logs", app.name, *arguments).stdout.splitlines()


def printed(app: App, *arguments: str) -> list[str]:
    """What was printed at the start of each container."""
    found = (re.match(r"(\S+ \| (v\d+ listens|working for v\d+))", line) for line in lines(app, *arguments))
    return [match[1] for match in found if match]


@pytest.mark.matrix
def test_releases_and_processes_in_the_order_of_time(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    checkout.version("v2")
    checkout.push(app)
    first = {"web.1.1 | v1 listens", "worker.1.1 | working for v1"}
    second = {"web.2.1 | v2 listens", "worker.2.1 | working for v2"}
    wait_until(lambda: len(printed(app)) == 4, what="four lines")
    assert set(printed(app)[:2]) == first
    assert set(printed(app)[2:]) == second
    assert printed(app, "--process", "worker") == ["worker.1.1 | working for v1", "worker.2.1 | working for v2"]
    assert lines(app, "-n", "0") == []
    assert lines(app, "-n", "1") == lines(app)[-1:]
    assert lines(app, "--since", "1h") == lines(app)
    assert lines(app, "--since", "2099-01-01") == []
    assert lines(app, "--since", "2020-01-01", "-n", "2") == lines(app)[-2:]
    refused = app.server.podshift("logs", app.name, "--since", "yesterday", check=False)
    assert refused.returncode == 2
    assert "say 10m, 2h, 3d" in refused.stderr


def test_a_version_that_crashed_left_its_words(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.version("v2", "crash")
    checkout.push(app)
    assert "web.2.1 | start, line 30" in lines(app)
    app.server.podshift("stop", app.name)
    assert "web.1.1 | v1 has finished" in lines(app)


def test_a_terminal_gets_colours_and_a_pipe_none(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    wait_until(lambda: lines(app), what="a line")
    assert "\x1b" not in "".join(lines(app))
    master, slave = pty.openpty()
    with subprocess.Popen(
        [PODSHIFT, "logs", app.name], env=app.server.environment, stdout=slave, stderr=slave
    ) as process:
        os.close(slave)
        output = os.read(master, 4096)
        process.wait(timeout=60)
    os.close(master)
    assert output.startswith(b"\x1b[36mweb.1.1 |\x1b[0m v1 listens")


@pytest.mark.matrix
def test_another_log_driver_is_read_through_the_engine(app: App, checkout: Checkout) -> None:
    template = app.server.home / "templates" / app.name / "run.args.j2"
    template.parent.mkdir()
    template.write_text(ANOTHER_DRIVER)
    try:
        checkout.push(app)
        wait_until(lambda: printed(app) == ["web.1.1 | v1 listens"], what="the line")
        assert lines(app, "--since", "2099-01-01") == []
    finally:
        template.unlink()
        Path(f"/tmp/{app.name}.log").unlink(missing_ok=True)


def test_what_a_container_printed_is_pruned_in_the_end(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    folder = app.server.home / "apps" / app.name / "logs"
    for number in range(30):
        old = folder / f"{app.name}-web-{100 + number}-1.out"
        old.write_text("2020-01-01T00:00:00+00:00 stdout F of long ago\n")
        os.utime(old, (number, number))
    assert len(lines(app, "--process", "web")) >= 30
    app.server.podshift("prune", app.name)
    kept = {path.name for path in folder.glob("*.out")}
    running = {f"{app.name}-web-1-1.out"} if PROGRAM == "podman" else set()  # docker has it as long as it runs
    assert kept == {f"{app.name}-web-{100 + n}-1.out" for n in range(10, 30)} | running


def stamped(number: int, text: str, kind: str = "F") -> str:
    return f"2026-11-23T07:00:{number % 60:02}.123456789+00:00 stdout {kind} {text}\n"


def test_a_file_that_is_replaced_while_it_is_followed_loses_no_line(tmp_path: Path) -> None:
    """conmon puts an empty file in the place of one that has grown to its limit."""
    path = tmp_path / "x.out"
    path.write_text("")
    total, done = 5000, threading.Event()

    def write() -> None:
        stream = path.open("a")
        for number in range(total):
            stream.write(stamped(number, f"line {number}"))
            if number % 500 == 499:
                stream.flush()
                time.sleep(0.05)  # slower than one that reads on all the time
                stream.close()
                fresh = tmp_path / "x.out.tmp"
                stream = fresh.open("w")
                fresh.rename(path)
        stream.close()
        done.set()

    with LogFile(path, "web.1.1") as log:
        threading.Thread(target=write).start()
        seen: list[str] = []
        while not done.is_set():
            seen += [entry.text for entry in log.more()]
        seen += [entry.text for entry in log.more()]
    assert seen == [f"line {number}" for number in range(total)]


def test_the_end_of_a_long_file_is_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.out"
    path.write_text("".join(stamped(number, "é" * 100 + str(number)) for number in range(20_000)))
    with LogFile(path, "web.1.1") as log:
        assert [entry.text for entry in log.last(3, 0.0)] == [
            "é" * 100 + str(number) for number in (19997, 19998, 19999)
        ]
        with path.open("a") as stream:
            stream.write(stamped(1, "first half, ", "P") + stamped(1, "second half") + "no line yet")
        assert [entry.text for entry in log.more()] == ["first half, second half"]
        assert list(log.more()) == []
