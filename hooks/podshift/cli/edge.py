"""edge, https: TLS before the proxy, and what each app wants of it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podshift.cli.command import app_argument, json_option, open_installation, print_json, who
from podshift.cli.logs import UNITS
from podshift.records import App
from podshift.report import Log

if TYPE_CHECKING:
    from podshift.deploy.edge.state import EdgeState

HSTS_SECONDS = 365 * 86400


@click.command()
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@click.option("--email", metavar="ME", help="Certificates from a public authority, which is told this address.")
@click.option("--internal", is_flag=True, help="Certificates from the edge's own authority: for tests and intranets.")
@click.option("--acme-ca", metavar="URL", help="Another ACME server's directory.")
@click.option(
    "--acme-root", metavar="FILE", type=click.Path(path_type=Path), help="The certificate that it is known by."
)
@click.option("--http", metavar="ADDR:PORT", help="Default: 0.0.0.0:80.")
@click.option("--https", "secure", metavar="ADDR:PORT", help="TCP and UDP. Default: 0.0.0.0:443.")
@click.option("--listen", metavar="ADDR:PORT", help="Where the proxy itself listens then. Default: on loopback.")
@click.option("--image", metavar="IMAGE", help="An image with caddy in it.")
@json_option
def edge(
    state: str | None, email: str | None, internal: bool, acme_ca: str | None, acme_root: Path | None,
    http: str | None, secure: str | None, listen: str | None, image: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Show the HTTPS edge, put it before the proxy, or take it off."""
    from podshift.deploy.edge.choice import WantedEdge
    from podshift.deploy.edge.state import edge_state
    from podshift.deploy.edge.switch import edge_off, edge_on

    wanted = WantedEdge(email, internal, acme_ca, acme_root, http, secure, listen, image)
    if wanted != WantedEdge() and state != "on":
        raise click.UsageError("these options go with on")
    if internal and (email or acme_ca or acme_root):
        raise click.UsageError("--internal goes without an ACME server")
    with open_installation() as installation:
        with Log.on(2) as log:
            if state == "on":
                edge_on(installation, wanted, log)
            elif state == "off" and edge_off(installation, log):
                log.step("edge", f"its certificates are kept in the volume {installation.home.edge_name}")
        found = edge_state(installation)
    if as_json:
        print_json(_edge_object(found))
    else:
        _print_edge(found)


def _edge_object(found: "EdgeState | None") -> dict[str, object]:
    if found is None:
        return {"on": False}
    one = found.edge
    return {
        "on": True, "answers": not found.trouble, "http": one.http, "https": one.https, "listen": found.listen,
        "email": one.email, "internal": one.internal, "acme_ca": one.acme_ca, "image": one.image,
        "certificates": found.certificates, "root": found.root and str(found.root),
    }  # fmt: skip


def _print_edge(found: "EdgeState | None") -> None:
    if found is None:
        click.echo("the HTTPS edge is off; podshift edge on --email YOU@EXAMPLE.COM")
        return
    one = found.edge
    authority = "its own authority" if one.internal else one.acme_ca or "a public ACME authority"
    names = "cannot be read by this user" if found.certificates is None else " ".join(found.certificates) or "none yet"
    click.echo(f"the HTTPS edge is on{f', but {found.trouble}' if found.trouble else ''}")
    for name, value in (
        ("http", one.http),
        ("https", f"{one.https}, HTTP/1.1, 2 and 3"),
        ("proxy", found.listen),
        ("image", one.image),
        ("authority", f"{authority}{f', told {one.email}' if one.email else ''}"),
        ("certificates", names),
        *([("root", f"{found.root}, for clients to trust")] if found.root else []),
    ):
        click.echo(f"  {name:<13} {value}")


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
    from podshift.deploy.events.record import record

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
