"""A program of this machine's, in the network of a container: it sees what the container's neighbours would."""

import subprocess
from collections.abc import Sequence


def start_inside(pid: int, command: Sequence[str], *, rootless: bool) -> subprocess.Popen[bytes]:
    """Start it beside the process `pid` of a container, with pipes for its input and output.

    A rootless container's network belongs to the engine's user namespace, which its owner may enter.
    """
    enter = ["nsenter", f"--target={pid}", *(["--user", "--preserve-credentials"] if rootless else []), "--net", "--"]
    return subprocess.Popen(
        [*enter, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
