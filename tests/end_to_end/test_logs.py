"""podshift logs: what an app's containers print, also while they are replaced."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import App, Checkout
from server.installation import PODSHIFT, wait_until


class Follower:
    """`podshift logs -f` with its output in a file."""

    def __init__(self, app: App, file: Path) -> None:
        self.file = file
        with file.open("wb") as output:
            self.process = subprocess.Popen(
                [PODSHIFT, "logs", "-f", app.name], env=app.server.environment, stdout=output, stderr=output
            )

    def saw(self, text: str) -> None:
        wait_until(lambda: text in self.file.read_text(), what=f"{text!r} in {self.file.read_text()!r}")


def nobody_follows(app: App) -> None:
    """No command of the engine is left running that reads the app's logs."""
    look = ["pgrep", "--full", f"logs --follow .*{app.name}"]
    wait_until(lambda: subprocess.run(look, stdout=subprocess.DEVNULL).returncode == 1, what="the followers' end")


@pytest.fixture
def follower(app: App, checkout: Checkout, tmp_path: Path) -> Iterator[Follower]:
    checkout.push(app)
    follower = Follower(app, tmp_path / "followed")
    yield follower
    follower.process.kill()
    follower.process.wait()


def test_follow_goes_on_through_rotations(app: App, checkout: Checkout, follower: Follower) -> None:
    follower.saw("web.1.1 | v1 listens on")
    for version in ("v2", "v3"):
        checkout.version(version)
        checkout.push(app)
        follower.saw(f"web.{version[1:]}.1 | {version} listens on")
    follower.process.send_signal(signal.SIGINT)
    assert follower.process.wait(timeout=20) == 130
    lines = follower.file.read_text().splitlines()
    assert [line.partition(" listens")[0] for line in lines if " listens on " in line] == [
        f"web.{n}.1 | v{n}" for n in (1, 2, 3)
    ]
    nobody_follows(app)


def test_the_last_lines(app: App, checkout: Checkout) -> None:
    container = (checkout.folder / "Containerfile").read_text()
    command = "for i in 1 2 3 4 5; do echo out $i; echo error $i >&2; done; exec python3 app.py"
    checkout.commit("Chatty", Containerfile=f'{container}CMD ["sh", "-c", "{command}"]\n')
    checkout.push(app)
    lines = app.server.podshift("logs", app.name).stdout.splitlines()
    assert {f"web.1.1 | {stream} {n}" for stream in ("out", "error") for n in range(1, 6)} <= set(lines)
    assert len(app.server.podshift("logs", app.name, "-n", "2").stdout.splitlines()) == 2
    assert app.server.podshift("logs", app.name, "--process", "web").stdout.splitlines() == lines
    done = app.server.podshift("logs", app.name, "--process", "worker", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{app.name} has no container of worker" in done.stderr


def test_a_reader_that_goes_away_ends_it(app: App, checkout: Checkout) -> None:
    """As in `podshift logs -f hello | head -n 1`."""
    checkout.push(app)
    reading, writing = os.pipe()
    follower = subprocess.Popen(
        [PODSHIFT, "logs", "-f", app.name], env=app.server.environment, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert os.read(reading, 4096)
    os.close(reading)  # and no further line comes
    _, errors = follower.communicate(timeout=20)
    assert b"Traceback" not in errors
    assert b"bug" not in errors
    nobody_follows(app)
