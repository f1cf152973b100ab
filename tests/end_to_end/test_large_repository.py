"""A push of one file of a large repository costs what it changes, as far as git and the engine allow.

PODSHIFT_LARGE="50000 1000" makes it 50,000 files and 1,000 MB.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server import App, Checkout

FILES, MEGABYTES = map(int, os.environ.get("PODSHIFT_LARGE", "10000 200").split())
PART = "FROM localhost/podshift-python\nWORKDIR /app\nCOPY app.py version.txt ./\nCMD python3 app.py\n"
WHOLE = PART.replace("COPY app.py version.txt ./", "COPY . .")


def fill(checkout: Checkout) -> None:
    """Content that cannot be compressed, so that git has the whole of it to read and write."""
    source = random.Random(1)
    for number in range(FILES):
        folder = checkout.folder / "data" / f"d{number % 500}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number}").write_bytes(source.randbytes(MEGABYTES * 1_000_000 // FILES))


def timed(checkout: Checkout, app: App) -> float:
    began = time.monotonic()
    assert "is live" in checkout.push(app, seconds=1800).said
    return time.monotonic() - began


def written_since(tree: Path, moment: int) -> set[str]:
    return {path.name for path in tree.rglob("*") if path.is_file() and path.stat().st_ctime_ns > moment}


@pytest.mark.matrix
@pytest.mark.parametrize("containerfile", [PART, WHOLE], ids=["some-files", "all-files"])
def test_one_file_of_many(
    app: App, checkout: Checkout, measured: Callable[[str], None], containerfile: str
) -> None:  # fmt: skip
    fill(checkout)
    checkout.commit("All of it", Containerfile=containerfile, version_txt="v1\n")
    first = timed(checkout, app)
    kept = app.server.home / "apps" / app.name / "checkout"
    moment = (kept / "good").stat().st_mtime_ns
    checkout.version("v2")
    second = timed(checkout, app)
    assert app.get() == (200, "hello from v2\n")
    assert written_since(kept / "tree", moment) == {"version.txt", "behaviour.txt"}
    what = "some files" if containerfile is PART else "all files"
    measured(
        f"{FILES:,} files, {MEGABYTES:,} MB, an image of {what}: first push {first:.1f} s, "
        f"a push of one file {second:.1f} s ({second / first:.2f} of it)"
    )
