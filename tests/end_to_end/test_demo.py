"""bin/demo, as a stranger runs it."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

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
    """Containers, networks, images and folders of the demo that ended; the engine's words for all of them."""
    names = re.findall(r"\bdemo-[0-9a-f]{4}\b", said)
    folder = re.search(r"(/\S*podshift-demo-\w+)/home", said)
    assert names
    assert folder
    listed = [server.engine(*f"{kind} --format {{{{.{field}}}}}".split()) for kind, field in (
        ("ps --all", "Names"), ("network ls", "Name"), ("images", "Repository"),
    )]  # fmt: skip
    left = [line for lines in listed for line in lines.split() if names[0] in line]
    return left + ([folder[1]] if os.path.lexists(folder[1]) else [])
