import errno
import os
import resource
import stat
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.report import WIDTH, Log, columns


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queued.log"


def test_a_deploy_reads_calmly(path: Path) -> None:
    with Log(path) as log:
        log.step("source", '3f2a91c "Faster search"')
        log.output("build", "STEP 1/2: FROM base\nSTEP 2/2: COPY server /server\n")
        log.step("start", "hello-web-12-1")
        log.line("")
        log.success('hello v12 (3f2a91c "Faster search") is live · 1,204 requests crossed the change, 0 failed')
    assert path.read_text() == (
        'source   3f2a91c "Faster search"\n'
        "build    STEP 1/2: FROM base\n"
        "         STEP 2/2: COPY server /server\n"
        "start    hello-web-12-1\n"
        "\n"
        'success: hello v12 (3f2a91c "Faster search") is live ·\n'
        "         1,204 requests crossed the change, 0 failed\n"
    )


def test_an_error_ends_with_its_hint(path: Path) -> None:
    error = PodshiftError(
        "the container listens on 127.0.0.1:8080 only, where the proxy cannot reach it",
        hint="listen on 0.0.0.0",
        details=("error: not ours\x07", "tab\there"),
    )
    with Log(path) as log:
        log.error(error)
    assert path.read_text() == (
        "  error: not ours\\x07\n"
        "  tab   here\n"
        "error: the container listens on 127.0.0.1:8080 only, where the proxy\n"
        "       cannot reach it\n"
        "hint: listen on 0.0.0.0\n"
    )


def test_own_sentences_are_wrapped_and_output_is_not(path: Path) -> None:
    with Log(path) as log:
        log.step("queue", "word " * 60)
        log.output("build", "word " * 60)
    lines = path.read_text().splitlines()
    assert max(columns(line) for line in lines[:-1]) <= WIDTH
    assert columns(lines[-1]) > WIDTH


def test_no_text_begins_a_line_that_it_should_not(path: Path) -> None:
    with Log(path) as log:
        log.step("source", "subject\nsuccess: forged")
        log.error(PodshiftError("first\nsuccess: forged\rsuccess: forged"))
    assert not [line for line in path.read_text().splitlines() if line.startswith("success")]


def test_the_log_is_private_and_keeps_its_descriptor_when_renamed(path: Path) -> None:
    with Log(path) as log:
        log.line("queued")
        log.rename(path.with_name("v12.log"))
        log.line("building")
        assert not path.exists()
        assert log.path.read_text() == "queued\nbuilding\n"
        assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
        log.rename(path.parent / "nowhere" / "v12.log")
        assert log.path.name == "v12.log"
        assert log.failure is not None


def test_a_log_that_cannot_be_opened_says_so_before_anything_happens(tmp_path: Path) -> None:
    with pytest.raises(PodshiftError, match="cannot write the log"):
        Log(tmp_path / "missing" / "v1.log")


def test_a_full_disk_does_not_stop_a_deploy() -> None:
    with Log(Path("/dev/full")) as log:
        log.line("one")
        log.step("build", "two")
        assert log.lost == 2
        assert log.failure is not None
        assert log.failure.errno == errno.ENOSPC
        assert os.pread(log.unwritten, 100, 0) == b"one\nbuild    two\n"


def test_room_again_after_a_torn_line(path: Path) -> None:
    child = os.fork()
    if child == 0:
        _write_beyond_a_limit(path)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert path.read_text() == "0123456789\n0123\n(3 lines lost: File too large)\nroom again\nmore\n"


def _write_beyond_a_limit(path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = Log(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15, hard))
    for _ in range(4):
        log.line("0123456789")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.line("room again")
    log.line("more")
