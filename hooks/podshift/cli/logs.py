"""logs: what an app's containers print."""

import re
import select
import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from podshift.cli.command import MOST_LINES, app_argument, open_installation
from podshift.report import printable, shorten

if TYPE_CHECKING:
    from podshift.deploy.app.logfiles import Entry

LAST = 100
LINES = click.IntRange(0, MOST_LINES)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow", "bright_green")


@click.command()
@app_argument
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come, through rotations.")
@click.option("-n", "--lines", type=LINES, help=f"How many to begin with. Default: {LAST}, or all --since.")
@click.option("--since", metavar="TIME", help="Such as 10m, 2h, 3d or 2026-11-23T07:30.")
@click.option("--process", metavar="P", help="Only this process.")
def logs(app: str, follow: bool, lines: int | None, since: str | None, process: str | None) -> None:
    """Print what the app's containers print, those of earlier releases too."""
    from podshift.deploy.app.logs import ALL, Selection, follow_logs, last_logs

    if lines is None:
        lines = ALL if since else LAST
    with open_installation() as installation:
        installation.app(app)
        wanted = Selection(app, process, lines, _instant(since) if since else 0.0)
        if follow:
            follow_logs(installation, wanted, _Printer(), _is_read)
        else:
            last_logs(installation, wanted, _Printer())


def _is_read() -> bool:
    """Does anybody still have the other end of standard output? sshd ends no command whose client has gone."""
    poll = select.poll()
    poll.register(1, 0)
    return not poll.poll(0)


class _Printer:
    """A line with its container before it, which has its own colour on a terminal."""

    def __init__(self) -> None:
        self.colours: dict[str, str] = {}

    def __call__(self, entry: "Entry") -> None:
        colour = self.colours.setdefault(entry.container, COLOURS[len(self.colours) % len(COLOURS)])
        click.echo(f"{click.style(f'{entry.container} |', fg=colour)} {printable(entry.text)}".rstrip())


def _instant(text: str) -> float:
    """Seconds since the epoch; a time without a zone is this machine's."""
    if match := re.fullmatch(r"(\d{1,9})([smhd])", text):
        return time.time() - int(match[1]) * UNITS[match[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):  # the latter for a year that no clock knows
        raise click.UsageError(
            f"{shorten(printable(text), 40)!r} is no time: say 10m, 2h, 3d or 2026-11-23T07:30"
        ) from None
