"""What the hooks of an ordinary push import: the pusher waits for all of it, so that it cannot grow unnoticed."""

import subprocess
import sys
from pathlib import Path

from podshift import receive

MAIN = Path(receive.__file__).with_name("__main__.py")
HEAVY = {"asyncio", "click", "git", "jinja2", "sh", "sqlite3", "tomllib", "dataclasses", "re", "typing", "pathlib"}
PACKETS = b"000eversion=1\0000000000000"


def imported(hook: str, folder: Path, lines: bytes = b"") -> set[str]:
    """Every module that the hook has imported by its end, as its stub starts it."""
    command = [sys.executable, "-I", "-S", "-X", "importtime", str(MAIN), hook]
    done = subprocess.run(command, cwd=folder, input=lines, capture_output=True, timeout=60)
    text = done.stderr.decode()
    return {line.rpartition("|")[2].strip() for line in text.splitlines() if line.startswith("import time:")}


def test_proc_receive_with_an_open_gate_imports_next_to_nothing(tmp_path: Path) -> None:
    found = imported("proc-receive", tmp_path, PACKETS)
    assert {name for name in found if name.startswith("podshift")} == {
        "podshift", "podshift.receive", "podshift.receive.gate"
    }  # fmt: skip
    assert found & (HEAVY | {"socket", "collections", "contextlib"}) == set()


def test_post_receive_asks_who_waits_for_it_before_it_imports_more(tmp_path: Path) -> None:
    command = "import sys; sys.path.append(sys.argv[1]); from podshift.receive.standby import hand_over;"
    command += "assert hand_over() is None; print(*sys.modules)"
    root = str(MAIN.parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", command, root], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found = set(done.stdout.split())
    assert "podshift.receive.standby" in found
    assert found & HEAVY == set()


def test_before_pre_receive_has_left_a_process_behind_it_imports_no_library(tmp_path: Path) -> None:
    command = "import sys; import podshift.receive.hooks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", command], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"asyncio", "click", "git", "jinja2", "sh"} == set()


def test_what_is_checked_of_a_push_needs_neither_the_engine_nor_templates() -> None:
    command = "import sys; import podshift.receive.checks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", command], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert "git" in found
    assert found & {"asyncio", "click", "jinja2", "sh"} == set()


def test_importing_gitpython_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    (tmp_path / "git").write_text(f"#!/bin/sh\necho $* >>{trace}\n")
    (tmp_path / "git").chmod(0o755)
    command = "import podshift.source, os; assert 'GIT_PYTHON_GIT_EXECUTABLE' not in os.environ"
    subprocess.run([sys.executable, "-I", "-c", command], env={"PATH": str(tmp_path)}, check=True)
    assert not trace.exists()


def test_until_the_engine_builds_nothing_is_imported_of_what_comes_later() -> None:
    command = "import sys; import podshift.receive.start; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", command], capture_output=True, text=True, check=True)
    later = ("rotate", "readiness", "watch", "deploy.edge", "deploy.release.reconcile", "deploy.release.rollout")
    assert set(done.stdout.split()) & {f"podshift.{name}" for name in later} == set()
