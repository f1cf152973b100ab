"""Builds go through a file and are ended from inside; here a shell script stands for the engine."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from podshift.engine import EngineError
from podshift.engine.build import LONGEST_LINE, end_strays, run_build
from podshift.errors import Cancelled


def engine(folder: Path, script: str) -> str:
    path = folder / "engine"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def build(folder: Path, script: str, *, timeout: float = 20) -> list[str]:
    lines: list[str] = []
    run_build(engine(folder, script), ["build"], folder=folder, timeout=timeout, on_line=lines.append)
    return lines


def test_every_line_of_both_streams_in_order(tmp_path: Path) -> None:
    assert build(tmp_path, "echo one; echo two >&2; printf 'three\\r\\nrest'") == ["one", "two", "three", "rest"]


def test_lines_arrive_while_it_goes_on(tmp_path: Path) -> None:
    go = tmp_path / "go"
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        go.touch()

    script = f"echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo second"
    run_build(engine(tmp_path, script), ["build"], folder=tmp_path, timeout=20, on_line=on_line)
    assert lines == ["first", "second"]


def test_a_line_without_an_end_is_given_out_in_pieces(tmp_path: Path) -> None:
    before = time.process_time()
    lines = build(tmp_path, "head -c 40000000 /dev/zero | tr '\\0' x; echo; echo after")
    assert time.process_time() - before < 5
    assert lines.pop() == "after"
    assert "".join(lines) == "x" * 40_000_000
    assert max(map(len, lines)) == LONGEST_LINE


def test_a_long_line_is_cut_between_characters(tmp_path: Path) -> None:
    lines = build(tmp_path, f"head -c {LONGEST_LINE - 1} /dev/zero | tr '\\0' x; echo äb")
    assert lines == ["x" * (LONGEST_LINE - 1), "äb"]


def test_a_failure_keeps_the_last_lines(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="build failed with status 3") as caught:
        build(tmp_path, "seq 100; exit 3")
    assert caught.value.details == tuple(map(str, range(76, 101)))


def test_a_layer_that_vanished_is_no_failure_of_the_build(tmp_path: Path) -> None:
    script = (
        "[ -e again ] && echo built && exit; touch again; echo 'Error: getting top layer info: layer not known'; exit 1"
    )
    lines = build(tmp_path, f"cd {tmp_path}; {script}")
    assert lines[-2:] == ["once more: a layer was removed by somebody else just then", "built"]
    with pytest.raises(EngineError):
        build(tmp_path, "echo 'layer not known, says the app'; exit 1")


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a PID namespace")


@needs_root
@pytest.mark.parametrize("interrupted", [True, False])
def test_a_build_is_ended_with_its_step(tmp_path: Path, interrupted: bool) -> None:
    """The step has a PID namespace of its own, as in a container; the engine clears up when it fails."""
    pid, cleared = tmp_path / "pid", tmp_path / "cleared"
    script = f"echo $$ > {pid}; unshare --pid --fork sh -c 'echo at work; sleep 60'; touch {cleared}; exit 1"

    def cancel(_: str) -> None:
        if interrupted:
            raise Cancelled("enough")

    with pytest.raises(Cancelled if interrupted else EngineError):
        run_build(
            engine(tmp_path, script), ["build"], folder=tmp_path, timeout=20 if interrupted else 0.5, on_line=cancel
        )
    assert cleared.exists()
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()


@needs_root
def test_strays_are_found_by_their_labels(tmp_path: Path) -> None:
    labels = {"podshift.home": str(tmp_path), "podshift.app": "hello"}
    words = [f"--label={key}={value}" for key, value in labels.items()]
    program = engine(tmp_path, "unshare --pid --fork sleep 60")
    left = subprocess.Popen([program, "build", *words], start_new_session=True)
    other = subprocess.Popen([program, "build", words[0], "--label=podshift.app=other"], start_new_session=True)
    try:
        end_strays(labels)
        assert left.wait(timeout=5) != 0
        assert other.poll() is None
    finally:
        end_strays({"podshift.home": str(tmp_path)})
        other.wait(timeout=5)
