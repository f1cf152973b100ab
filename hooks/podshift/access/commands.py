"""podshift's commands, over SSH: parsed as on the server, checked against the rights of the key, and done."""

import getpass
import os
from typing import TYPE_CHECKING, Any

import click

from podshift.access.rights import TABLE, check
from podshift.access.welcome import print_welcome
from podshift.cli import GROUP, exit_code
from podshift.cli.command import COMMANDS
from podshift.errors import PodshiftError
from podshift.records import Key
from podshift.report import printable, shorten

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # a generic in newer versions only

STDIN = "-"


class StandardInputOnly(ParamType):
    """In place of a path: over SSH a file is one of the client's, so it comes on standard input."""

    name = "-"

    def __init__(self, real: ParamType) -> None:
        self.real = real

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value) != STDIN:
            self.fail("over SSH no file of the server can be named; give - and send it on standard input", param, ctx)
        return self.real.convert(value, param, ctx)


def run(key: Key, words: tuple[str, ...]) -> int:
    """Give the command of `words` on behalf of `key`; its exit code. No words: what this key may do."""
    return exit_code(lambda: _give(key, words))


def _give(key: Key, words: tuple[str, ...]) -> None:
    root = click.Context(GROUP, info_name=address(), obj=key, help_option_names=["-h", "--help"])
    with root:
        if not words or words[0] in ("help", "-h", "--help"):
            print_welcome(key, root)
            return
        context = _parsed(root, words)
        check(key, words[0], context.params.get("app"))
        with context:
            context.command.invoke(context)


def _parsed(root: click.Context, words: tuple[str, ...]) -> click.Context:
    """The context of the command, or of the last one of a group's; no path has been looked at by then."""
    if words[0] not in COMMANDS:
        raise PodshiftError(
            f"{shorten(printable(words[0]), 60)!r} is no command of podshift, and there is no shell here",
            hint=f"{root.info_name} says what there is",
        )
    if words[0] not in TABLE:
        check(root.obj, words[0], None)
    context, rest = root, list(words)
    group: click.Group = GROUP
    while True:
        command = group.get_command(context, rest[0]) if rest else None
        if command is None or not isinstance(command, click.Group):
            break
        context = click.Context(command, parent=context, info_name=rest[0])
        group, rest = command, rest[1:]
    if command is None:
        raise click.UsageError(f"say one of: {', '.join(group.list_commands(context))}", context)
    for parameter in command.params:
        if isinstance(parameter.type, (click.Path, click.File)):
            parameter.type = StandardInputOnly(parameter.type)
    return command.make_context(rest[0], rest[1:], parent=context)


def address() -> str:
    """What a person types to get here; the host's name is what the server calls itself."""
    return f"ssh {getpass.getuser()}@{os.uname().nodename}"
