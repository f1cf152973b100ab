"""Secrets of a build: where they are while it goes on, and where they are not."""

import os
import subprocess
from pathlib import Path

import pytest

from podshift.engine import BuildRequest, EngineError, environment, secrets
from podshift.engine import memory as module
from podshift.engine.environment import passed
from podshift.engine.images import out_of_memory
from podshift.engine.memory import forget_stale_secrets
from podshift.engine.secrets import hidden, secret_files
from podshift.errors import PodshiftError

VALUE = "s3cr3t=\nof two lines\r\n, with «ü»"


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for one in (module, secrets, environment):
        monkeypatch.setattr(one, "MEMORY", tmp_path)
    return tmp_path


def test_a_secret_is_a_private_file_for_the_time_of_the_build(memory: Path) -> None:
    with secret_files({"TOKEN": VALUE, "EMPTY": ""}) as arguments:
        (folder,) = memory.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert arguments == [f"--secret=id=TOKEN,src={folder}/TOKEN", f"--secret=id=EMPTY,src={folder}/EMPTY"]
        assert (folder / "TOKEN").read_bytes() == VALUE.encode()
        assert (folder / "TOKEN").stat().st_mode & 0o777 == 0o600
    assert list(memory.iterdir()) == []


def test_without_secrets_nothing_is_made(memory: Path) -> None:
    with secret_files({}) as arguments:
        assert arguments == []
        assert list(memory.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_nothing_else(memory: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    (memory / f"podshift-build-{ended.pid}-a").mkdir()
    (memory / f"podshift-build-{ended.pid}-a" / "TOKEN").touch()
    (memory / f"podshift-env-{ended.pid}-a").touch()
    others = [f"podshift-build-{os.getpid()}-b", f"podshift-env-{os.getpid()}-b", "podshift-env-old", "other"]
    for name in others:
        (memory / name).touch()
    forget_stale_secrets()
    assert sorted(path.name for path in memory.iterdir()) == sorted(others)


def test_a_container_s_variables_are_in_memory_under_the_name_of_this_process(memory: Path) -> None:
    with passed(["--env=A", "--env=TZ", "image"], {"A": "b = c", "TZ": "UTC"}) as (arguments, rest):
        (file,) = memory.iterdir()
        assert (arguments, rest) == ([f"--env-file={file}", "image"], {})
        assert file.read_text() == "A=b = c\nTZ=UTC\n"
        assert file.name.startswith(f"podshift-env-{os.getpid()}-")
    assert list(memory.iterdir()) == []


@pytest.mark.parametrize("value", ["one\ntwo", "ends in \r", " blank", "'quoted'", "x" * 70_000])
def test_what_a_line_of_a_file_cannot_hold_goes_through_the_engine_s_environment(memory: Path, value: str) -> None:
    with passed(["--env=A", "image"], {"A": value}) as (arguments, rest):
        assert (arguments, rest) == (["--env=A", "image"], {"A": value})
    assert list(memory.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["XTABLES_LIBDIR", "IP6TABLES_LIB_DIR", "LD_PRELOAD", "GCONV_PATH", "BASH_ENV", "GODEBUG"]
)
def test_what_the_engine_and_its_helpers_obey_never_goes_through_their_environment(memory: Path, name: str) -> None:
    with passed([f"--env={name}", "image"], {name: "/of an/app's 'repository'"}) as (_, rest):
        assert rest == {}
    with pytest.raises(PodshiftError, match=f"the value of {name} has a line break"):
        passed([f"--env={name}"], {name: "/a\nb"}).__enter__()


def test_values_are_taken_out_of_what_a_build_prints() -> None:
    secrets = {"TOKEN": "abcdef123", "SHORT": "abc", "KEY": "first line\nsecond line"}
    assert hidden(secrets, "npm: abcdef123abc") == "npm: [TOKEN]abc"
    assert hidden(secrets, "| second line |") == "| [KEY] |"


def test_no_value_is_in_the_request_s_own_words_or_arguments() -> None:
    request = BuildRequest("a:v1", Path("/a"), Path("/a/Containerfile"), memory="2g", secrets={"TOKEN": "abcdef123"})
    assert "abcdef123" not in repr(request)
    assert request.arguments(secrets=["--secret=id=TOKEN,src=/x"]) == [
        "--tag=a:v1", "--file=/a/Containerfile", "--memory=2g", "--memory-swap=2g", "--secret=id=TOKEN,src=/x",
        "--", "/a",
    ]  # fmt: skip
    assert request.shown("it is abcdef123") == "it is [TOKEN]"


SAID = [
    ("Killed\nError: building at STEP …: while running runtime: exit status 137", "more memory than 2g"),
    ("c++: fatal error: Killed signal terminated program cc1plus", "more memory than 2g"),
    ("runc create failed: cannot set memory limit: container could not join or create cgroup", "cannot limit"),
    ("Error: building at STEP …: while running runtime: exit status 1", None),
]


@pytest.mark.parametrize(("output", "said"), SAID)
def test_what_a_failed_build_says_of_its_limit(output: str, said: str | None) -> None:
    found = out_of_memory(EngineError("podman build failed", output), "2g")
    assert (said in found.message) if found and said else found is said
    assert out_of_memory(EngineError("podman build failed", output), "") is None
