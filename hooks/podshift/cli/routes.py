"""domains, maintenance: where an app answers, and what stands before it."""

import click

from podshift.cli.command import app_argument, json_option, open_installation, print_json, who
from podshift.report import Log, printable

MESSAGE = "This site is being worked on and will be back soon."


@click.command()
@app_argument
@click.argument("action", type=click.Choice(["add", "remove"]), required=False)
@click.argument("names", nargs=-1, metavar="[DOMAIN]...")
@json_option
def domains(app: str, action: str | None, names: tuple[str, ...], as_json: bool) -> None:
    """Show, add or remove domains. `*.example.com` is every name below example.com that has no owner of its own."""
    from podshift.deploy.app.domains import change_domains
    from podshift.deploy.events.record import record

    if action and not names:
        raise click.UsageError(f"say which domains to {action}")
    with open_installation() as installation:
        if action:
            with Log.on(2) as log:
                change = {action: names}
                now = change_domains(installation, app, log, add=change.get("add", ()), remove=change.get("remove", ()))
                record(installation, app, "domains", who(), f"{action} {' '.join(names)}")
        else:
            now = installation.app(app)
    if as_json:
        print_json(list(now.domains))
    else:
        click.echo("\n".join(now.domains) or f"{app} has no domain; podshift domains {app} add D gives it one")


@click.command()
@app_argument
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@click.option("--message", metavar="TEXT", help=f"What the page says. Default: {MESSAGE}")
@json_option
def maintenance(app: str, state: str | None, message: str | None, as_json: bool) -> None:
    """Show a page in place of the app, or the app again. Deploys go on behind it."""
    from podshift.deploy.app.domains import set_maintenance
    from podshift.deploy.events.record import record

    if message is not None and state != "on":
        raise click.UsageError("a message goes with on")
    with open_installation() as installation:
        if state:
            with Log.on(2) as log:
                set_maintenance(installation, app, (message or MESSAGE) if state == "on" else None, log)
                record(installation, app, "maintenance", who(), state)
        shown = installation.app(app).maintenance
    if as_json:
        print_json({"app": app, "maintenance": shown})
    else:
        click.echo(f"maintenance of {app} is {'off' if shown is None else f'on: {printable(shown)}'}")
