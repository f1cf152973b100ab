"""allow: what an app may have beyond what its repository may ask for."""

import click

from podshift.cli.command import app_argument, json_option, open_installation, print_json, who
from podshift.grants import KINDS
from podshift.report import Log


@click.command()
@app_argument
@click.argument("what", nargs=-1, metavar="[WHAT]...")
@click.option("--remove", is_flag=True, help="Take these grants back.")
@json_option
def allow(app: str, what: tuple[str, ...], remove: bool, as_json: bool) -> None:
    """Show, grant or take back what the app's repository cannot ask for by itself."""
    from podshift.deploy.app.allow import allow as grant
    from podshift.deploy.app.allow import disallow, needs_rotation, unused_links
    from podshift.deploy.events.record import record

    if remove and not what:
        raise click.UsageError("say what to take back")
    with open_installation() as installation:
        installation.app(app)
        if what:
            with Log.on(2) as log:
                (disallow if remove else grant)(installation, app, what, log)
                record(installation, app, "allow", who(), f"{'no longer ' if remove else ''}{' '.join(what)}")
        granted = installation.records.grants(app)
        unused = unused_links(installation, installation.app(app))
    if as_json:
        print_json(granted)
        return
    click.echo("\n".join(granted) or f"{app} was granted nothing; possible are {', '.join(KINDS.values())}")
    if what and needs_rotation(what):
        click.echo(f"containers get it when they start: with the next push, or podshift restart {app}", err=True)
    if what and not remove and unused:
        asks = ", ".join(f'"{other}"' for other in unused)
        click.echo(f"the app finds it when its podshift.toml says so: links = [{asks}]", err=True)


allow.help = f"{allow.help} WHAT is {', '.join(KINDS.values())}."
