"""The machine and the account: git, rootless ranges, lingering, ports, disk, clock."""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from podshift.deploy.checks.finding import Finding, error, fine, warning
from podshift.deploy.server.disk import MIB, disks
from podshift.settings import Home, Settings

OLDEST_GIT = (2, 29)  # its receive-pack has the proc-receive hook
SUBORDINATE_IDS = 65536
FEW_FILES = 0.05
SYSTEMD = Path("/run/systemd/system")
UNPRIVILEGED_PORTS = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def check_git() -> Iterator[Finding]:
    if not shutil.which("git"):
        yield error("git", "there is none", "apt install git")
        return
    from podshift.source import git_version  # GitPython is not to be imported where there is no git

    version, oldest = (".".join(map(str, numbers)) for numbers in (git_version(), OLDEST_GIT))
    if git_version() >= OLDEST_GIT:
        yield fine("git", version)
    else:
        yield error("git", f"{version}, older than {oldest}", "apt install git, from Debian 12 or newer")


def check_ranges() -> Iterator[Finding]:
    """What a rootless engine gives to the users inside containers: subuid(5), subgid(5)."""
    user = getpass.getuser()
    for program in ("newuidmap", "newgidmap"):
        if not shutil.which(program):
            yield error("ranges", f"no {program}", "apt install uidmap")
            return
    counts = [subordinate_ids(Path(file).read_text(), user) for file in ("/etc/subuid", "/etc/subgid")]
    if min(counts) >= SUBORDINATE_IDS:
        yield fine("ranges", f"{min(counts):,} subordinate ids")
        return
    ranges = "--add-subuids 100000-165535 --add-subgids 100000-165535"
    yield error(
        "ranges", f"{user} has {min(counts):,} subordinate ids, images need {SUBORDINATE_IDS:,}",
        f"as root: usermod {ranges} {user}; then: podman system migrate",
    )  # fmt: skip


def subordinate_ids(text: str, user: str) -> int:
    """How many ids /etc/subuid or /etc/subgid gives to a user, named by name or number."""
    names = (user, str(os.getuid()))
    rows = (line.strip().split(":") for line in text.splitlines())
    return sum(int(row[2]) for row in rows if len(row) == 3 and row[0] in names and row[2].isdecimal())


def check_session() -> Iterator[Finding]:
    from podshift.engine import lingers

    if lingers():
        yield fine("session", "containers outlive it")
    else:
        fix = f"as root: loginctl enable-linger {getpass.getuser()}"
        yield error("session", "containers end with the last one of this user", fix)


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Of the proxy, and of the HTTPS edge where there is one."""
    if not settings.has_proxy:
        return
    edge = settings.edge
    addresses = (settings.listen, *((edge.http, edge.https) if edge else ()))
    troubles = [trouble for address in addresses if (trouble := port_trouble(settings, address))]
    for what, fix in troubles:
        yield error("port", what, fix)
    if not troubles:
        ports = " and ".join(address.rpartition(":")[2] for address in addresses)
        yield fine("port", f"podshift may listen on {ports}")


def port_trouble(settings: Settings, address: str) -> tuple[str, str] | None:
    """Why this user may not listen on ADDR:PORT, and what to type."""
    port = int(address.rpartition(":")[2])
    first = int(UNPRIVILEGED_PORTS.read_text())
    if port >= first or os.geteuid() == 0 or settings.engine == "docker":
        return None
    line = f"net.ipv4.ip_unprivileged_port_start={port}"
    fix = f"as root: echo {line} > /etc/sysctl.d/50-podshift.conf; sysctl --system"
    return f"{port} is root's: other users may listen from {first} on", fix


def check_disks(home: Home, settings: Settings) -> Iterator[Finding]:
    fix = "podshift prune; then look for what else is large: du -xh --max-depth=3 / | sort -h | tail"
    for disk in disks(home, settings):
        if disk.free < settings.min_free_mb * MIB:
            yield error("disk", f"{disk}: pushes are refused below {settings.min_free_mb:,} MB", fix)
        elif disk.free < settings.warn_free_mb * MIB:
            yield warning("disk", str(disk), fix)
        elif disk.free_files < FEW_FILES:
            yield warning("disk", f"{disk}, but room for {disk.free_files:.0%} of its files only", fix)
        else:
            yield fine("disk", str(disk))


def check_clock(newest: float) -> Iterator[Finding]:
    """`newest`: when the records say that something happened last, in seconds of the epoch."""
    behind = newest - time.time()
    if behind > 60:
        yield warning(
            "clock", f"it is {behind:,.0f} s behind the newest release", "as root: timedatectl set-ntp true; then date"
        )
    elif SYSTEMD.is_dir() and _timedatectl("NTPSynchronized") == "no":
        yield warning("clock", "nothing keeps it right", "as root: timedatectl set-ntp true")
    else:
        yield fine("clock", time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def _timedatectl(name: str) -> str:
    command = ["timedatectl", "show", f"--property={name}", "--value"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
