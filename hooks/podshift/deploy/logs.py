"""What an app's containers print: the last lines, or all that comes, through rotations."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from podshift.deploy.installation import Installation
from podshift.engine import Container
from podshift.errors import PodshiftError
from podshift.report import printable

Print = Callable[[str], None]
LOOK_SECONDS = 1.0


def last_logs(installation: Installation, app: str, process: str | None, lines: int, show: Print) -> None:
    containers = _containers(installation, app, process)
    if not containers:
        raise PodshiftError(
            f"{app} has no container{f' of {process}' if process else ''}", hint=f"podshift status {app}"
        )
    for container in containers:
        for line in installation.engine.logs(container.name, lines):
            show(_line(container, line))


def follow_logs(installation: Installation, app: str, process: str | None, lines: int, show: Print) -> None:
    """Until interrupted. A container that comes later is followed from its first line on."""
    followed: dict[str, threading.Thread] = {}
    first = True
    while True:
        for container in _containers(installation, app, process):
            if container.name not in followed:
                tail = lines if first else 1_000_000
                thread = threading.Thread(target=_follow, args=(installation, container, tail, show), daemon=True)
                followed[container.name] = thread
                thread.start()
        first = False
        time.sleep(LOOK_SECONDS)


def _follow(installation: Installation, container: Container, lines: int, show: Print) -> None:
    with suppress(PodshiftError):  # the container is gone: it was rotated out
        installation.engine.follow_logs(container.name, lines, lambda line: show(_line(container, line)))


def _containers(installation: Installation, app: str, process: str | None) -> list[Container]:
    found = installation.engine.containers(home=installation.label, app=app)
    return sorted((one for one in found if process in (None, one.process)), key=lambda one: (one.release, one.name))


def _line(container: Container, line: str) -> str:
    return f"{container.process}.{container.release}.{container.index} | {printable(line)}"
