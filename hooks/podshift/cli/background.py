"""Commands that change an app run in a process of their own; the terminal only looks on."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from podshift.cli.command import open_installation, who
from podshift.deploy.installation import Installation
from podshift.deploy.release.background import Cancellation, in_background
from podshift.report import Log

if TYPE_CHECKING:
    from podshift.deploy.release.change import Change


def run_change(app: str, work: "Callable[[Change], None]") -> None:
    """Ctrl-C ends the looking on, not the change. Exits with the change's code when it failed."""
    from podshift.deploy.release.change import Change

    by = who()
    run_in_background(app, lambda own, log, cancellation: work(Change(own, own.app(app), by, log, cancellation)))


def run_in_background(app: str, work: Callable[[Installation, Log, Cancellation], None]) -> None:
    with open_installation() as installation:
        installation.app(app)
        home = installation.home

    def with_own_installation(log: Log, cancellation: Cancellation) -> None:
        with Installation(home) as own:
            work(own, log, cancellation)

    try:
        code = in_background(home, app, with_own_installation, errors=2)
    except KeyboardInterrupt:
        click.echo(f"\nit goes on without you; podshift cancel {app} stops it", err=True)
        raise
    if code:
        sys.exit(code)
