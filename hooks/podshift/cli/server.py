"""init, uninstall, up: the installation as a whole."""

import click

from podshift.cli.command import confirm, open_installation, volumes_option, yes_option
from podshift.report import Log
from podshift.settings import Home


@click.command()
@click.option("--engine", type=click.Choice(["podman", "docker"]), help="Default: podman where it is installed.")
@click.option("--listen", metavar="ADDR:PORT", help="Where the proxy listens (0.0.0.0:80, else :8080); none: no proxy.")
@click.option("--proxy-image", metavar="IMAGE", help="An image with haproxy in it.")
@click.option("--backends", type=click.IntRange(1, 4096), help="How many apps the proxy is ready for (64).")
def init(engine: str | None, listen: str | None, proxy_image: str | None, backends: int | None) -> None:
    """Make this user's installation, or bring it up to date."""
    from podshift.deploy.server.setup import Wanted
    from podshift.deploy.server.setup import init as make

    home = Home.from_environment()
    make(home, Wanted(engine, listen, proxy_image, backends), click.echo)
    click.echo(f"podshift is ready in {home.path}")
    click.echo("next: podshift create APP")


@click.command()
@volumes_option
@yes_option
def uninstall(volumes: bool, yes: bool) -> None:
    """Take away what this installation made: apps, containers, networks, images, records. Data volumes are kept."""
    from podshift.deploy.server.setup import uninstall as take_away

    home = Home.from_environment()
    with open_installation() as installation:
        apps = ", ".join(app.name for app in installation.records.apps()) or "no apps"
    what = f"{apps} and all data volumes" if volumes else apps
    confirm(f"Remove the installation in {home.path} with {what}?", yes)
    with Log.on(2) as log:
        left = take_away(home, log, volumes=volumes)
    click.echo(
        f"removed {home.path}" if not left else f"removed; not podshift's, and left: {', '.join(map(str, left))}"
    )


@click.command()
@click.argument("app", required=False)
def up(app: str | None) -> None:
    """Make what runs equal to the records: after a reboot, a crash, a restore."""
    from podshift.deploy.release.reconcile import bring_up

    with open_installation() as installation, Log.on(1) as log:
        bring_up(installation, [app] if app else None, log)
