"""What podman's isolated networks need beside themselves in the firewall.

There is one jump to the rules that cut all of them off from each other. netavark 1.4 takes it away with the first that
it takes down, and only the next container that joins one brings it back. So podshift has a jump of its own beside it.

And every packet from the proxy to an app passes the rules of all networks, four for each. So what belongs to a
connection between containers, which they have let pass, is let pass before most of them: a fifth more requests/s with
40 apps (2026-11-26, 9 rounds on 2 cores, with and without in turn).
"""

import os
import shutil
from collections.abc import Sequence

from podshift.engine.command import run
from podshift.errors import PodshiftError

OURS = ("--match", "comment", "--comment", "podshift")
JUMP = ("FORWARD", *OURS, "--jump", "NETAVARK_ISOLATION_1")
BETWEEN_CONTAINERS = ("--in-interface", "podman+", "--out-interface", "podman+")  # netavark's names
PASSED = ("FORWARD", *BETWEEN_CONTAINERS, "--match", "conntrack", "--ctstate", "ESTABLISHED", *OURS, "--jump", "ACCEPT")
SECONDS = 10.0


def keep_rules(enter: Sequence[str]) -> None:
    """`enter` is what leads to the engine's networks. Where there is no such chain neither is needed: nothing is
    isolated yet, or netavark works in another way."""
    if _iptables(enter, "--check", JUMP) or _iptables(enter, "--insert", JUMP):
        _ = _iptables(enter, "--check", PASSED) or _iptables(enter, "--insert", PASSED)


def remove_rules(enter: Sequence[str]) -> None:
    for rule in (PASSED, JUMP):
        _iptables(enter, "--delete", rule)


def _iptables(enter: Sequence[str], verb: str, rule: Sequence[str]) -> bool:
    # netavark needs it itself, so it is there wherever it matters; an ordinary user's PATH may not lead to it
    program = shutil.which("iptables", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        return False
    command = [*enter, program, "--wait", "5", verb, *rule]
    try:
        run(command[0], command[1:], timeout=SECONDS)
    except PodshiftError:
        return False
    return True
