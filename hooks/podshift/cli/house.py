"""prune, install-service, backup, restore: keep the house in order."""

from pathlib import Path

import click

from podshift.cli.command import open_installation, who
from podshift.report import Log, count
from podshift.settings import Home


@click.command()
@click.argument("app", required=False)
def prune(app: str | None) -> None:
    """Remove what nobody will go back to: images of old releases, leftovers of builds, old logs."""
    from podshift.deploy.prune import KEEP_EVENTS, prune_home
    from podshift.deploy.prune import prune as take_away
    from podshift.deploy.queue import queued

    with open_installation() as installation, Log.on(2) as log:
        for one in [installation.app(app)] if app else installation.records.apps():
            with queued(installation, one, log, what="prune", who=who()):
                pruned = take_away(installation, one)
            click.echo(f"{one.name}: {pruned}")
        prune_home(installation.home)
        installation.records.forget_events(keep=KEEP_EVENTS)


@click.command("install-service")
@click.option("--remove", is_flag=True, help="Take the units away.")
def install_service(remove: bool) -> None:
    """Have systemd run `podshift up` at boot and `podshift prune` every day."""
    from podshift.deploy.server.service import install_service as install
    from podshift.deploy.server.service import remove_service

    home = Home.from_environment()
    for path in remove_service(home) if remove else install(home):
        click.echo(f"{'removed' if remove else 'enabled'} {path}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write records, settings, templates and repositories into one archive. What volumes hold is not in it."""
    from podshift.deploy.server.backup import backup as write

    with open_installation() as installation:
        made = write(installation, file)
    click.echo(f"{file}: {count(made.apps, 'app')}, {made.bytes / 1e6:,.1f} MB; it has config values in it")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--engine", type=click.Choice(["podman", "docker"]), help="Default: the same as before.")
def restore(file: Path, engine: str | None) -> None:
    """Make an installation of a backup, where there is none. `podshift up` then builds and runs what ran."""
    from podshift.deploy.server.restore import restore as make

    make(Home.from_environment(), file, engine, click.echo)
    click.echo("next: podshift up")
