"""A program of this machine's in the network of a container of Docker's, for a user who may not enter it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import podshift

# Where the system's interpreter is, and what it loads.
SYSTEM = (Path("/usr"), Path("/lib"), Path("/lib64"))


def start_beside(
    program: str, options: Sequence[str], image: str, container: str, command: Sequence[str]
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a command of this Python in a container that has the other one's network, and of the server only programs.

    `image` may have nothing in it. The container ends, and goes, when its standard input does.
    """
    mounts = [f"--volume={path}:{path}:ro" for path in _needed()]
    return subprocess.Popen(
        [
            program, *options, "run", "--rm", "--interactive", "--log-driver=none", f"--network=container:{container}",
            f"--user={os.geteuid()}", "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only", *mounts,
            f"--entrypoint={command[0]}", image, *command[1:],
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _needed() -> Iterator[Path]:
    """The folders that this Python and podshift are in; none that is inside another."""
    own = (Path(sys.prefix), Path(sys.base_prefix), Path(podshift.__file__).resolve().parents[1])
    wanted = [path for path in dict.fromkeys((*SYSTEM, *own)) if path.exists()]
    for path in wanted:
        if not any(other in path.parents for other in wanted):
            yield path
