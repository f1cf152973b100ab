"""Deploys that stand still where a test wants them, who does them, and what of podshift runs at all."""

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from server.checkout import Checkout, Pushed
from server.installation import App, Server, wait_until

BASE = "FROM localhost/podshift-python\nWORKDIR /app\nCOPY . .\nEXPOSE 8080\n"
PLAIN = BASE + 'CMD ["python3", "app.py"]\n'
LONG_BUILD = BASE + 'RUN echo at work; sleep 600\nCMD ["python3", "app.py"]\n'
HELD_START = BASE + 'CMD ["sh", "-c", "while [ ! -e /go ]; do sleep 0.05; done; exec python3 app.py"]\n'


def long_build(checkout: Checkout, version: str) -> str:
    """A commit whose build does not come to its end in the time of a test."""
    return checkout.commit(f"Version {version}", Containerfile=LONG_BUILD, version_txt=f"{version}\n")


def held_start(checkout: Checkout, version: str) -> str:
    """A commit whose containers get ready only when let_go() is called."""
    return checkout.commit(f"Version {version}", Containerfile=HELD_START, version_txt=f"{version}\n")


def finished(push: subprocess.Popen[str]) -> Pushed:
    """What Checkout.start_push() began, at its end."""
    text, _ = push.communicate(timeout=120)
    return Pushed(push.returncode, text)


def let_go(app: App, release: int) -> None:
    app.server.engine("exec", f"{app.name}-web-{release}-1", "touch", "/go")


def in_build(app: App, release: int) -> None:
    """Return when a long_build() is in the step that does not end."""
    log = log_of(app, release)
    wait_until(lambda: log.exists() and "at work" in log.read_text().split("sleep 600")[-1], what="the build")


def in_start(app: App, release: int) -> None:
    """Return when the first container of a release runs."""
    name = f"{app.name}-web-{release}-1"
    running = f"--filter=name=^{name}$"
    wait_until(lambda: app.server.engine("ps", running, "--format={{.Names}}").strip() == name, what=f"{name} running")
    wait_until(lambda: "starting" in app.states(), what="starting")


def until_said(app: App, release: int, words: str) -> None:
    """Return when the log of a deploy has these words."""
    log = log_of(app, release)
    wait_until(lambda: log.exists() and words in log.read_text(), what=words)


def log_of(app: App, release: int) -> Path:
    return app.server.home / "apps" / app.name / "logs" / f"v{release}.log"


def holder(app: App) -> dict[str, Any] | None:
    """What the lock's file says of who holds it; the file is empty when nobody does."""
    with suppress(FileNotFoundError, ValueError):
        found: dict[str, Any] = json.loads((app.server.home / "apps" / app.name / "lock").read_text())
        return found
    return None


def deployer(app: App) -> int:
    """The process that does the deploy."""
    found = holder(app)
    assert found, f"nobody deploys {app.name}"
    return int(found["pid"])


def onlooker(app: App) -> int:
    """The hook that relays the deploy's log: the deployer's parent."""
    fields = Path(f"/proc/{deployer(app)}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def in_queue(app: App) -> tuple[int, int]:
    """Return when one more push waits for the app's lock: the hook that looks on, whose log has no release's name yet,
    and the process that is to deploy it."""
    logs = app.server.home / "apps" / app.name / "logs"

    def waiting() -> list[int]:
        """The log of one that waits has the hook's pid in its name."""
        paths = [path for path in logs.glob(".*.log") if "waiting for the" in path.read_text()]
        return [int(path.name.removeprefix(".").partition("-")[0]) for path in paths]

    wait_until(waiting, what="a push in the queue")
    (hook,) = waiting()
    children = Path(f"/proc/{hook}/task/{hook}/children").read_text().split()
    return hook, int(children[0])


def everything_killed(app: App, push: subprocess.Popen[str]) -> None:
    """As by the kernel short of memory, or the power switch: hook and deployer go, nobody is there to repair."""
    hook, child = onlooker(app), deployer(app)
    for process in (hook, child):
        os.kill(process, signal.SIGKILL)
    finished(push)


def processes(server: Server) -> list[str]:
    """Every process of podshift, and of the engine on its behalf, that belongs to this installation."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdecimal() and int(path.name) != os.getpid():
            with suppress(OSError):
                if _belongs_to(path, server):
                    found.append(f"{path.name} {_words(path)}")
    return found


def nothing_runs(server: Server) -> None:
    """The proxy and the apps are all there is, at once or very soon."""
    wait_until(lambda: not processes(server), what=f"the end of {processes(server)}")


def _words(path: Path) -> str:
    return (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()


def _belongs_to(path: Path, server: Server) -> bool:
    words = _words(path)
    if words.startswith((server.settings["engine"], f"/usr/bin/{server.settings['engine']}")):
        return str(server.home) in words
    if "podshift" not in words or "conmon" in words or "pytest" in words:
        return False
    environment = (path / "environ").read_bytes().decode(errors="replace").split("\0")
    return (path / "cwd").readlink().is_relative_to(server.home) or f"PODSHIFT_HOME={server.home}" in environment
