"""Containers that run one command: the release command, `podshift run`, and `podshift exec` into a running one."""

import sys
from collections.abc import Sequence
from contextlib import suppress

from podshift.deploy.containers import RELEASE_COMMAND, Blueprint
from podshift.deploy.installation import Installation
from podshift.deploy.volumes import prepare_volumes
from podshift.engine import EngineError
from podshift.errors import PodshiftError
from podshift.records import App, Release
from podshift.report import Log


def run_release_commands(installation: Installation, app: App, release: Release, log: Log) -> None:
    """Once a deploy, in the new image with the new config, before anything rotates. Raises PodshiftError."""
    blueprint = Blueprint(installation, app, release)
    manifest = blueprint.manifest
    for what, command in (("predeploy", manifest.before), ("release", manifest.release_command)):
        if command:
            _run_once(blueprint, what, command, log)


def run_afterwards(installation: Installation, app: App, release: Release, log: Log) -> None:
    """Once the release is live. A failure changes nothing of that, and is told."""
    blueprint = Blueprint(installation, app, release)
    if blueprint.manifest.after:
        try:
            _run_once(blueprint, "postdeploy", blueprint.manifest.after, log)
        except PodshiftError as error:
            log.warning(f"{error.message}; {release.name} stays live")


def _run_once(blueprint: Blueprint, what: str, command: Sequence[str], log: Log) -> None:
    engine = blueprint.installation.engine
    prepare_volumes(blueprint)
    name, arguments = blueprint.one_off(RELEASE_COMMAND, command, ())
    try:
        engine.run_once(arguments, blueprint.variables, lambda line: log.output(what, line))
    except EngineError as error:
        raise PodshiftError(
            f"the {what} command failed: {error.message}", hint="its output is above; mend it and push again"
        ) from None
    finally:
        with suppress(PodshiftError):
            engine.remove([name])


def run_command(installation: Installation, app: App, command: Sequence[str]) -> int:
    """A one-off container of the live release, on this terminal if it is one; the command's exit status."""
    blueprint = Blueprint(installation, app, _live(installation, app))
    prepare_volumes(blueprint)
    name, arguments = blueprint.one_off("run", command, _terminal())
    try:
        return installation.engine.interactive("run", arguments, blueprint.variables)
    finally:
        with suppress(PodshiftError):
            installation.engine.remove([name])


def exec_command(installation: Installation, app: App, process: str, command: Sequence[str]) -> int:
    """A command inside the first running container of a process; its exit status."""
    containers = installation.engine.containers(home=installation.label, app=app.name, process=process)
    running = sorted(one.name for one in containers if one.running)
    if not running:
        raise PodshiftError(f"no container of {process} runs", hint=f"podshift status {app.name}")
    return installation.engine.interactive("exec", [*_terminal(), running[0], *command], {})


def _live(installation: Installation, app: App) -> Release:
    live = installation.records.live_release(app.name)
    if live is None:
        raise PodshiftError(f"{app.name} has no live release", hint=f"git push a commit to {app.branch}")
    return live


def _terminal() -> list[str]:
    """Standard input always, a terminal when there is one on both sides."""
    return ["--interactive", *(["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else [])]
