"""What a key may do, for a person who came without a command: there is no shell to greet them."""

import click

from podshift.access.rights import TABLE, may_give
from podshift.cli import GROUP
from podshift.cli.command import print_columns
from podshift.records import Key


def print_welcome(key: Key, context: click.Context) -> None:
    remote = str(context.info_name).removeprefix("ssh ")
    click.echo(f"This is podshift. There is no shell here. You are {key.name}, and may use: {key.rights}\n")
    click.echo(f"  git push {remote}:APP main")
    if key.may_create:
        click.echo("      deploys; a name that is new makes an app")
    click.echo(f"  {context.info_name} COMMAND …")
    click.echo(f"  ssh -t {remote} run APP -- sh\n")
    rows = [(name, _help(name, context)) for name in TABLE if may_give(key, name)]
    print_columns(rows)


def _help(name: str, context: click.Context) -> str:
    command = GROUP.get_command(context, name)
    return command.get_short_help_str(80) if command else ""
