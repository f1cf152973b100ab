"""events, notify: what happened, by whom, and who is told."""

import time

import click

from podshift.cli.command import MOST_LINES, caller, json_option, open_installation, print_json, print_table
from podshift.errors import PodshiftError
from podshift.records import Event
from podshift.report import ago, printable, shorten

LINES = click.IntRange(1, MOST_LINES)


@click.command()
@click.argument("app", required=False)
@click.option("-n", "--lines", type=LINES, default=50, show_default=True, help="How many of the newest.")
@json_option
def events(app: str | None, lines: int, as_json: bool) -> None:
    """List what was done to the apps, by whom and when, the newest last."""
    from podshift.deploy.events.notify import event_object

    with open_installation() as installation:
        key = caller()
        if key and not key.admin:
            found = installation.records.events_of((app,) if app else key.apps, lines)
        else:
            found = installation.records.events(app, lines)
        if app and not found:
            installation.app(app)
    if as_json:
        print_json([event_object(event) for event in found])
    elif not found:
        click.echo("nothing happened yet")
    else:
        print_table(("WHEN", "APP", "EVENT", "RELEASE", "OUTCOME", "BY", "WHAT"), [_row(event) for event in found])


def _row(event: Event) -> tuple[str, ...]:
    return (
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.at)),
        event.app or "-",
        event.kind,
        f"v{event.release}" if event.release else "-",
        event.outcome,
        event.by or "-",
        shorten(printable(event.error or event.what), 60),
    )


@click.group()
def notify() -> None:
    """Tell a command or a URL how each deploy and rollback ended."""


@notify.command()
@click.argument("target", nargs=-1, required=True, metavar="COMMAND|URL")
def add(target: tuple[str, ...]) -> None:
    """A command gets the event as JSON on stdin and as PODSHIFT_EVENT_… variables; a URL gets it by POST."""
    from podshift.deploy.events.notify import check_target, is_url

    wanted = check_target(target)
    if caller() and not is_url(wanted):
        raise PodshiftError("over SSH only a URL can be added", hint="a command of the server is added on the server")
    with open_installation() as installation:
        added = installation.records.add_notifier(wanted)
    click.echo(f"{added.number}: {printable(added.target)}")


@notify.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Who is told, and what came of it the last time."""
    with open_installation() as installation:
        found = installation.records.notifiers()
    if as_json:
        print_json([{"number": one.number, "target": one.target, "result": one.result} for one in found])
    elif not found:
        click.echo("nobody is notified; podshift notify add COMMAND|URL")
    for one in found if not as_json else ():
        last = f"{one.result}, {ago(time.time() - one.at)}" if one.at else "not yet"
        click.echo(f"{one.number}: {printable(one.target)} (last: {printable(last)})")


@notify.command()
@click.argument("number", type=int)
def remove(number: int) -> None:
    """Tell it no more. NUMBER is what `podshift notify list` shows."""
    with open_installation() as installation:
        removed = installation.records.remove_notifier(number)
    click.echo(f"removed: {printable(removed.target)}")
