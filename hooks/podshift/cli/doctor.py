"""doctor: what is wrong on this server, each with what to type."""

import sys

import click

from podshift.cli.command import json_option, print_json
from podshift.settings import Home


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check this server, with what to type where something is wrong. Exit code 1 when something is."""
    from podshift.deploy.doctor import examine

    findings = examine(Home.from_environment())
    if as_json:
        print_json([{"check": one.check, "ok": one.ok, "found": one.found, "fix": one.fix} for one in findings])
    else:
        for one in findings:
            mark = click.style("ok  ", fg="green") if one.ok else click.style("FAIL", fg="red")
            click.echo(f"{mark} {one.check}: {one.found}")
            if not one.ok:
                click.echo(f"     hint: {one.fix}")
    if not all(one.ok for one in findings):
        sys.exit(1)
