"""bin/demo, as a stranger runs it."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from server import Server
from server.installation import wait_until

DEMO = Path(__file__).parents[2] / "bin" / "demo"
MOST_SECONDS = 120


def test_it_shows_a_push_that_loses_nothing(server: Server) -> None:
    began = time.monotonic()
    done = subprocess.run([DEMO], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^remote: +[\d,]+ requests crossed the change, 0 failed", done.stdout, re.MULTILINE)
    assert re.search(r"^[\d,]+ requests: [\d,]+ GET, [\d,]+ POST, [\d,]+ slow$", done.stdout, re.MULTILINE)
    assert re.search(r"^0 failed$", done.stdout, re.MULTILINE)
    assert time.monotonic() - began < MOST_SECONDS
    assert left_behind(server, done.stdout) == []


@pytest.mark.matrix
def test_interrupted_it_cleans_up_all_the_same(server: Server, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("w") as stream:
        demo = subprocess.Popen([DEMO], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: "git push" in output.read_text(), seconds=300, what="the first push")
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=120) == 130
    finally:
        demo.kill()
        demo.wait()
    assert left_behind(server, output.read_text()) == []


def left_behind(server: Server, said: str) -> list[str]:
    """Containers, networks, images and folders of the demo that ended."""
    app = re.search(r"^\$ podshift create (\S+)$", said, re.MULTILINE)
    home = re.search(r"^podshift is ready in (\S+)$", said, re.MULTILINE)
    assert app
    assert home
    containers = server.engine("ps", "--all", "--format={{.Names}}").split()
    networks = server.engine("network", "ls", "--format={{.Name}}").split()
    images = [tag for tag in ("v1", "v2") if has_image(server, f"localhost/podshift/{app[1]}:{tag}")]
    folders = [folder for folder in (home[1], str(Path(home[1]).parent)) if os.path.lexists(folder)]
    return [name for name in containers + networks if app[1] in name] + images + folders


def has_image(server: Server, image: str) -> bool:
    try:
        server.engine("image", "exists", image)
    except subprocess.CalledProcessError:
        return False
    return True
