"""Every check of the server, with the fix to type."""

import getpass
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from podshift.deploy.installation import Installation
from podshift.deploy.status import statuses
from podshift.errors import PodshiftError
from podshift.settings import Home

LOW_DISK = 0.10


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and when it is not as it should be, what mends it."""

    check: str
    ok: bool
    found: str
    fix: str = ""


def examine(home: Home) -> list[Finding]:
    """Run every check that can be run; the first that fails may leave out those that build on it."""
    try:
        installation = Installation(home)
    except PodshiftError as error:
        return [Finding("installation", ok=False, found=error.message, fix=error.hint)]
    with installation:
        checks = (_engine, _session, _disk, _proxy)
        return [*(_safely(check, installation) for check in checks), *_agreement(installation)]


def _safely(check: Callable[[Installation], Finding], installation: Installation) -> Finding:
    try:
        return check(installation)
    except PodshiftError as error:
        return Finding(check.__name__.strip("_"), ok=False, found=error.message, fix=error.hint)


def _engine(installation: Installation) -> Finding:
    version = installation.engine.call("version", "--format={{.Client.Version}}").strip()
    return Finding("engine", ok=True, found=f"{installation.settings.engine} {version}")


def _session(_installation: Installation) -> Finding:
    from podshift.engine import lingers

    found = "containers outlive it" if lingers() else "containers end with the last one of this user"
    return Finding("session", ok=lingers(), found=found, fix=f"as root: loginctl enable-linger {getpass.getuser()}")


def _disk(installation: Installation) -> Finding:
    usage = shutil.disk_usage(installation.home.path)
    share = usage.free / usage.total
    found = f"{share:.0%} free, {usage.free / 1e9:.1f} GB"
    return Finding("disk", ok=share >= LOW_DISK, found=found, fix="remove what is not needed; podman image prune")


def _proxy(installation: Installation) -> Finding:
    found = "answers" if installation.proxy.reachable() else "does not answer"
    return Finding("proxy", ok=installation.proxy.reachable(), found=found, fix="podshift up")


def _agreement(installation: Installation) -> Iterator[Finding]:
    """Records and containers say the same, for every app."""
    recorded = installation.records.containers()
    try:
        found = statuses(installation)
    except PodshiftError as error:
        yield Finding("containers", ok=False, found=error.message, fix=error.hint)
        return
    for one in found:
        running = {c.container for containers in one.processes.values() for c in containers if c.state == "running"}
        wanted = {place.name for place in recorded.get(one.app.name, [])}
        agree = running == wanted or one.deploying is not None
        yield Finding(
            f"app {one.app.name}", ok=agree,
            found="runs what the records say" if agree else f"runs {sorted(running)}, should run {sorted(wanted)}",
            fix=f"podshift up {one.app.name}",
        )  # fmt: skip
