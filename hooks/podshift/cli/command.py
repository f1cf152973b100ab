"""What the commands share: loading them late, talking to a person, opening the installation."""

import getpass
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.records import App, Key
from podshift.settings import Home

# Lines that -n may ask for: neither SQLite nor the engine takes numbers of any length.
MOST_LINES = 1_000_000

# Command → module; a module is imported when one of its commands is asked for.
COMMANDS = {
    "init": "server",
    "uninstall": "server",
    "up": "server",
    "doctor": "doctor",
    "create": "apps",
    "destroy": "apps",
    "gate": "apps",
    "allow": "allow",
    "path": "code",
    "origin": "code",
    "deploy-key": "code",
    "apps": "apps",
    "status": "apps",
    "deploy": "releases",
    "rollback": "releases",
    "cancel": "releases",
    "releases": "releases",
    "output": "releases",
    "render": "releases",
    "init-app": "checkout",
    "containerfile": "containerfile",
    "logs": "logs",
    "events": "events",
    "notify": "events",
    "keys": "keys",
    "prune": "house",
    "install-service": "house",
    "backup": "house",
    "restore": "house",
    "config": "config",
    "scale": "processes",
    "stop": "lifecycle",
    "start": "lifecycle",
    "restart": "lifecycle",
    "domains": "routes",
    "maintenance": "routes",
    "edge": "edge",
    "https": "edge",
    "run": "processes",
    "exec": "processes",
}


# Where a command's name is no name for a function.
FUNCTIONS = {"exec": "exec_", "deploy-key": "deploy_key", "init-app": "init_app", "install-service": "install_service"}


class Group(click.Group):
    """All commands by name, in the order of COMMANDS."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"podshift.cli.{COMMANDS[name]}"), FUNCTIONS.get(name, name))
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong table above is a bug
        return command


def open_installation() -> Installation:
    return Installation(Home.from_environment())


def caller() -> Key | None:
    """Whose key brought this command over SSH; None on the server itself."""
    context = click.get_current_context(silent=True)
    key = context.find_root().obj if context else None
    return key if isinstance(key, Key) else None


def by_operator() -> bool:
    """Was this command given on the server itself, or with an admin's key?"""
    key = caller()
    return key is None or key.admin


def visible(apps: Iterable[App]) -> list[App]:
    """Those that the caller may see: all of them, but over SSH by a key with apps of its own."""
    key = caller()
    return [app for app in apps if key is None or key.may_use(app.name)]


def fail(error: PodshiftError) -> None:
    for line in error.lines():
        word, colon, rest = line.partition(": ")
        colour = {"error": "red", "hint": "yellow"}.get(word)
        click.echo(click.style(word, fg=colour) + colon + rest if colour else line, err=True)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def refuse_json(asked: bool) -> None:
    """Where a command prints the log of what it does."""
    if asked:
        raise click.UsageError("--json shows what is there, and changes nothing: give the one or the other")


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print_columns((head, *rows))


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def confirm(question: str, yes: bool) -> None:
    """Ask on a terminal; `--yes` answers; without either, refuse."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise PodshiftError("this cannot be undone, and nobody is there to ask", hint="say --yes")
    click.confirm(question, abort=True)


def who() -> str:
    """Whom the records name: the key that sshd saw, or the account."""
    return os.environ.get("PODSHIFT_KEY") or getpass.getuser()


json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="For scripts.")
volumes_option: Callable[[Any], Any] = click.option("--volumes", is_flag=True, help="Data volumes too, with all data.")
yes_option: Callable[[Any], Any] = click.option("--yes", is_flag=True, help="Do not ask.")
app_argument: Callable[[Any], Any] = click.argument("app")
