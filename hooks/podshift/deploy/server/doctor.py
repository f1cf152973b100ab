"""Every check of the server, with the fix to type."""

import os
import shutil
from collections.abc import Iterator

from podshift.deploy.checks import edge, engine, isolation, keys, machine, state
from podshift.deploy.checks.finding import Finding, Level, error
from podshift.deploy.installation import Installation
from podshift.deploy.server.service import check_units
from podshift.errors import PodshiftError
from podshift.settings import Home, Settings

__all__ = ["Finding", "Level", "examine"]


def examine(home: Home) -> Iterator[Finding]:
    """Run every check that can be run, on a machine without an installation too; one that breaks is a finding."""
    try:
        installation = Installation(home)
    except PodshiftError as problem:
        settings = Settings(engine="podman" if shutil.which("podman") else "docker")
        yield from _machine(settings)
        yield error("installation", problem.message, problem.hint)
        return
    with installation:
        yield from _machine(installation.settings)
        yield from _safely("container", engine.check_container(installation.settings))
        yield from _safely("port", machine.check_ports(installation.settings))
        yield from _safely("disk", machine.check_disks(home, installation.settings))
        yield from _safely("clock", machine.check_clock(installation.records.newest()))
        yield from _safely("proxy", state.check_proxy(installation))
        yield from _safely("isolation", isolation.check_isolation(installation))
        yield from _safely("edge", edge.check_edge(installation))
        yield from _safely("hooks", state.check_hooks(installation))
        yield from _safely("branch", state.check_branches(installation))
        yield from _safely("keys", keys.check_keys(installation))
        yield from _safely("units", check_units(home))
        yield from _safely("apps", state.check_agreement(installation))


def _machine(settings: Settings) -> Iterator[Finding]:
    yield from _safely("git", machine.check_git())
    yield from _safely("engine", engine.check_engine(settings))
    if os.geteuid() != 0 and settings.engine == "podman":
        yield from _safely("ranges", machine.check_ranges())
        yield from _safely("session", machine.check_session())


def _safely(check: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except PodshiftError as problem:
        words = " ".join((problem.message, *problem.details[-1:]))
        yield error(check, words, problem.hint or "the engine's own words say what is missing")
    except OSError as problem:
        yield error(check, str(problem), "mend what the message says")
