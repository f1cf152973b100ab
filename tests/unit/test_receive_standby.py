"""The process that pre-receive leaves behind: it does post-receive's work, or it ends with the push."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from server.installation import wait_until

PRE = """
import os, signal
from podshift.receive import standby

def work():
    {work}

def import_all():
    {importing}

standby._import_all = import_all
standby.leave_behind(work)
"""
POST = "from podshift.receive.standby import hand_over; print('code', hand_over(), flush=True)"
DIE = "os.kill(os.getpid(), signal.SIGKILL)"
ECHO = "os.write(1, b'did ' + os.read(0, 100)); return 7"


def push(folder: Path, marker: str, *, work: str = ECHO, importing: str = "pass", post: bool = True) -> str:
    """A shell in receive-pack's place, whose children the two hooks are; all that they said."""
    pre = PRE.format(work=work, importing=importing)
    script = '"$0" -c "$1" "$3" && printf lines | "$0" -c "$2"' if post else '"$0" -c "$1" "$3"; true'
    command = ["sh", "-c", f"{script}; true", sys.executable, pre, POST, marker]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    return done.stdout


def left(marker: str) -> list[str]:
    """Processes that pre-receive left behind."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if marker.encode() in words and b"sh" not in words:
            found.append(path.parent.name)
    return found


@pytest.fixture
def marker() -> str:
    return secrets.token_hex(8)


def test_it_does_the_work_with_the_streams_of_post_receive(tmp_path: Path, marker: str) -> None:
    assert push(tmp_path, marker) == "did linescode 7\n"
    wait_until(lambda: not left(marker))


def test_it_ends_with_a_push_that_comes_to_no_post_receive(tmp_path: Path, marker: str) -> None:
    assert push(tmp_path, marker, post=False) == ""
    wait_until(lambda: not left(marker))


def test_whoever_finds_it_dead_does_the_work_alone(tmp_path: Path, marker: str) -> None:
    assert push(tmp_path, marker, importing=DIE) == "code None\n"


def test_one_that_dies_over_the_work_has_failed(tmp_path: Path, marker: str) -> None:
    assert push(tmp_path, marker, work=DIE) == "code 1\n"


def test_nothing_of_it_is_a_file(tmp_path: Path, marker: str) -> None:
    push(tmp_path, marker)
    assert list(tmp_path.iterdir()) == []
