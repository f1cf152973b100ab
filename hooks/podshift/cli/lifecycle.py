"""stop, start, restart: whether an app runs."""

import click

from podshift.cli.background import run_change
from podshift.cli.command import app_argument


@click.command()
@app_argument
def stop(app: str) -> None:
    """Stop an app. It stays stopped, also over a reboot, until start, a push, a rollback or a restart."""
    from podshift.deploy.release.lifecycle import stop as end

    run_change(app, end)


@click.command()
@app_argument
def start(app: str) -> None:
    """Run the live release of a stopped app."""
    from podshift.deploy.release.lifecycle import start as begin

    run_change(app, begin)


@click.command()
@app_argument
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
def restart(app: str, processes: tuple[str, ...]) -> None:
    """New containers of the live release, without losing a request; of all processes, or of those named."""
    from podshift.deploy.release.lifecycle import restart as start_again

    run_change(app, lambda change: start_again(change, processes))
