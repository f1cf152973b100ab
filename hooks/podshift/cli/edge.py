"""edge, https: TLS before the proxy, and what each app wants of it."""

import re

import click

from podshift.cli.command import app_argument, json_option, open_installation, print_json, who
from podshift.cli.logs import UNITS
from podshift.records import App
from podshift.report import Log

HSTS_SECONDS = 365 * 86400


@click.command()
@app_argument
@click.option("--redirect", type=click.Choice(["on", "off"]), help="Send http to https. Default: on.")
@click.option(
    "--hsts", metavar="on|off|TIME", help="Have browsers ask by https alone, for so long (on: 365d; 0s: forget)."
)
@json_option
def https(app: str, redirect: str | None, hsts: str | None, as_json: bool) -> None:
    """Show or change what the HTTPS edge does for an app."""
    from podshift.deploy.edge.apps import set_https
    from podshift.deploy.events import record

    seconds = _hsts_seconds(hsts) if hsts else None
    with open_installation() as installation:
        found = installation.app(app)
        if redirect or hsts:
            with Log.on(2) as log:
                found = set_https(
                    installation, app, log=log,
                    redirect=redirect == "on" if redirect else found.redirect, hsts=seconds if hsts else found.hsts,
                )  # fmt: skip
                words = (f"{name} {value}" for name, value in (("redirect", redirect), ("hsts", hsts)) if value)
                record(installation, app, "https", who(), ", ".join(words))
        edge = installation.settings.edge
    if as_json:
        print_json({"app": app, "redirect": found.redirect, "hsts": found.hsts})
    else:
        click.echo(_described(found))
        if edge is None:
            click.echo("there is no HTTPS edge yet; podshift edge on --email YOU@EXAMPLE.COM")


def _described(app: App) -> str:
    redirect = "http is sent to https" if app.redirect else "http is answered as it is"
    if app.hsts is None:
        return f"{app.name}: {redirect}; HSTS is off"
    return f"{app.name}: {redirect}; HSTS is on for {app.hsts:,} s"


def _hsts_seconds(text: str) -> int | None:
    if text in ("on", "off"):
        return HSTS_SECONDS if text == "on" else None
    if match := re.fullmatch(r"(\d{1,9})([smhd])", text):
        return int(match[1]) * UNITS[match[2]]
    raise click.UsageError(f"{text!r} is no time: say on, off, or such as 5m or 365d")
