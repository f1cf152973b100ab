"""logs: what an app's containers print."""

import click

from podshift.cli.command import app_argument, open_installation


@click.command()
@app_argument
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come, through rotations.")
@click.option("-n", "--lines", type=click.IntRange(0), default=100, show_default=True, help="How many to begin with.")
@click.option("--process", metavar="P", help="Only this process.")
def logs(app: str, follow: bool, lines: int, process: str | None) -> None:
    """Print what the app's containers print."""
    from podshift.deploy.logs import follow_logs, last_logs

    with open_installation() as installation:
        installation.app(app)
        show = follow_logs if follow else last_logs
        show(installation, app, process, lines, click.echo)
