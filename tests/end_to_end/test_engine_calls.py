"""Which calls of the engine an ordinary push waits for: none may come to it unnoticed."""

import os
import shlex
import shutil
from pathlib import Path

import pytest

from server import App, Checkout
from server.installation import PROGRAM

COUNTING = """#!/bin/bash
printf '%s\\n' "$*" >>{calls}
exec {engine} "$@"
"""
VERBS = (
    "build", "image inspect", "image exists", "images", "run", "ps", "rm", "rmi", "inspect", "volume", "network",
    "stop", "logs", "container inspect",
)  # fmt: skip
# Until the release is live, and afterwards. Docker's command line is asked for its own version, to know its builder;
# its `rm` does not stop, and takes the log away.
BEFORE, AFTER = {
    "podman": (["image inspect", "build", "run"], ["rm", "images"]),
    "docker": (["image inspect", "", "build", "run"], ["stop", "container inspect", "logs", "rm", "images"]),
}[PROGRAM]


@pytest.fixture
def calls(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the arguments of every call of the real engine that goes through PATH."""
    folder, program = tmp_path / "counting", app.server.settings["engine"]
    folder.mkdir()
    file, engine = tmp_path / "calls", shutil.which(program)
    (folder / program).write_text(COUNTING.format(calls=shlex.quote(str(file)), engine=engine))
    (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return file


def verb(line: str) -> str:
    """`image inspect` of `--runtime=runc image inspect localhost/…`."""
    words = " ".join(word for word in line.split() if not word.startswith("-"))
    return max((one for one in VERBS if words.startswith(f"{one} ") or words == one), key=len, default=words)


def test_an_ordinary_push_waits_for_few_calls(app: App, checkout: Checkout, calls: Path) -> None:
    checkout.commit("It says its port", podshift_toml='[web]\nport = 8080\nwatch = "0s"\n')
    assert "is live" in checkout.push(app).said
    calls.unlink()
    checkout.version("v2")
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
    verbs = [verb(line) for line in calls.read_text().splitlines()]
    before_live = verbs[: verbs.index(AFTER[0])]
    # `ps` is asked when the new container is not ready within a moment: then a crash has to be noticed too.
    # `image inspect`: whose image the Containerfile begins with.
    looks = ("ps", "container inspect")  # docker's `ps` does not tell all, so a look is both
    assert [one for one in before_live if one not in looks] == BEFORE, verbs
    assert before_live.count("ps") <= 1, verbs
    # `images` is tried again when somebody else on the machine removes one just then.
    assert set(verbs[len(before_live) :]) == set(AFTER), verbs
