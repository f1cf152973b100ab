"""The server's disk gets full in the middle of a deploy: the old version serves on, and the pusher is told why."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from server import App, Checkout
from server.engines import STEP
from server.faults import Shim, an_ordinary_push_works, short, under_load
from server.installation import created, installed
from server.under_way import PLAIN, finished, held_start, in_start, let_go, until_said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 48 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    os.system(f"mount -t tmpfs -o size=48m tmpfs {folder}")
    yield folder
    os.system(f"umount --lazy {folder}")


def fill(disk: Path) -> None:
    """To the last page: from here on nothing can be added to any file."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


@contextmanager
def on_a_small_disk(disk: Path) -> Iterator[App]:
    """An installation that deploys down to the last byte."""
    with installed(disk / "home") as server, created(server) as app:
        settings = (server.home / "settings.toml").read_text()
        (server.home / "settings.toml").write_text(settings.replace("min_free_mb = 1024", "min_free_mb = 0"))
        try:
            yield app
        finally:
            (disk / "filler").unlink(missing_ok=True)


@pytest.mark.parametrize("boundary", short([STEP, "start "], "start "))
def test_a_disk_that_gets_full(small_disk: Path, checkout: Checkout, boundary: str) -> None:
    with on_a_small_disk(small_disk) as app:
        checkout.push(app)
        with under_load(app):
            checkout.version("v2")
            push = checkout.start_push(app)
            until_said(app, 2, boundary)
            fill(small_disk)
            pushed = finished(push)
            assert "is live" in pushed.said or "error:" in pushed.said
            assert app.get()[0] == 200
            (small_disk / "filler").unlink()
            an_ordinary_push_works(app, checkout, "v3")


@pytest.mark.faults
def test_a_disk_that_is_full_at_the_commit_point(small_disk: Path, checkout: Checkout) -> None:
    """The new container is ready, and what goes live cannot be written down."""
    with on_a_small_disk(small_disk) as app:
        live = checkout.git("rev-parse", "HEAD")
        checkout.push(app)
        with under_load(app):
            commit = held_start(checkout, "v2")
            push = checkout.start_push(app)
            in_start(app, 2)
            _no_room_in_the_records(app)
            fill(small_disk)
            let_go(app, 2)
            pushed = finished(push)
            assert "disk is full" in pushed.said.partition("error:")[2]
            assert "df -h" in pushed.said.partition("hint:")[2]
            assert f"v1 ({live[:7]}) still serves, and main could not be moved back: podshift up does" in pushed.said
            assert app.get() == (200, "hello from v1\n")
            (small_disk / "filler").unlink()
            assert f"branch main is back at {live[:7]}" in " ".join(app.server.podshift("up").stdout.split())
            assert app.states() == ["live", "failed"]
            assert app.releases()[0]["commit"] == commit
            checkout.commit("Start at once", Containerfile=PLAIN)
            an_ordinary_push_works(app, checkout, "v3")


def _no_room_in_the_records(app: App) -> None:
    """All that was written is in the database itself; what comes next needs a new page in its log."""
    database = sqlite3.connect(app.server.home / "podshift.db", isolation_level=None)
    busy, left, _ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    database.close()
    assert (busy, left) == (0, 0)


@pytest.mark.faults
def test_a_disk_that_gets_full_as_the_gate_moves_the_branch(small_disk: Path, checkout: Checkout, shim: Shim) -> None:
    """The last thing before what goes live is written down."""
    with on_a_small_disk(small_disk) as app:
        live = checkout.git("rev-parse", "HEAD")
        checkout.push(app)
        with under_load(app):
            checkout.version("v2")
            filler = small_disk / "filler"
            shim.git(" update-ref ", f'"$REAL" "$@" && cat /dev/zero >{filler}; exit 0')
            pushed = checkout.push(app, "-o", "gate")
            assert pushed.code != 0
            assert "disk is full" in pushed.said.partition("error:")[2]
            assert f"v1 ({live[:7]}) still serves" in pushed.said
            assert app.get() == (200, "hello from v1\n")
            shim.off()
            filler.unlink()
            an_ordinary_push_works(app, checkout, "v3")
