"""What podman's isolated networks need beside themselves to stay cut off from each other.

There is one jump in the firewall to the rules of all of them. netavark 1.4 takes it away with the first that it takes
down, and only the next container that joins one brings it back. So podshift has a jump of its own beside it.
"""

import os
import shutil
from collections.abc import Sequence

from podshift.engine.command import run
from podshift.errors import PodshiftError

JUMP = ("FORWARD", "--match", "comment", "--comment", "podshift", "--jump", "NETAVARK_ISOLATION_1")
SECONDS = 10.0


def keep_jump(enter: Sequence[str]) -> None:
    """`enter` is what leads to the engine's networks. Where there is no such chain no jump is needed: nothing is
    isolated yet, or netavark works in another way."""
    if not _iptables(enter, "--check"):
        _iptables(enter, "--insert")


def remove_jump(enter: Sequence[str]) -> None:
    _iptables(enter, "--delete")


def _iptables(enter: Sequence[str], verb: str) -> bool:
    # netavark needs it itself, so it is there wherever it matters; an ordinary user's PATH may not lead to it
    program = shutil.which("iptables", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        return False
    command = [*enter, program, "--wait", "5", verb, *JUMP]
    try:
        run(command[0], command[1:], timeout=SECONDS)
    except PodshiftError:
        return False
    return True
