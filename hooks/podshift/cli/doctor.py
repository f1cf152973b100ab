"""doctor: what is wrong on this server, each with what to type."""

import sys

import click

from podshift.cli.command import json_option, print_json
from podshift.report import printable
from podshift.settings import Home

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check this server, with what to type where something is wrong. Exit code 1 when something has to be mended."""
    from podshift.deploy.server.doctor import Level, examine

    failed = False
    objects = []
    for one in examine(Home.from_environment()):
        failed |= one.level is Level.ERROR
        objects.append({"check": one.check, "ok": one.ok, "level": one.level, "found": one.found, "fix": one.fix})
        if not as_json:
            click.echo(f"{click.style(f'{one.level:<7}', fg=COLOURS[one.level])} {one.check}: {printable(one.found)}")
            if one.fix:
                click.echo(f"{'':<7} hint: {one.fix}")
    if as_json:
        print_json(objects)
    if failed:
        sys.exit(1)
