"""init-app: what a developer types in a checkout before the first push. Needs no installation."""

from pathlib import Path

import click

from podshift.errors import PodshiftError


@click.command("init-app")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--containerfile", is_flag=True, help="Write the Containerfile too that the app would be built with.")
@click.option("--remote", metavar="URL", help="Where to push, as `podshift create` says it: deploy@server:hello.")
@click.option("--name", default="production", show_default=True, help="What the remote is called.")
def init_app(folder: Path, containerfile: bool, remote: str | None, name: str) -> None:
    """Write a commented podshift.toml, and add the remote; nothing that is there is overwritten."""
    from podshift.deploy.build.checkout import prepare
    from podshift.source.remotes import add_remote, check_remote, has_remote, pushed_branch

    if remote is not None:
        check_remote(folder, name, remote)
    try:
        for line in prepare(folder, containerfile=containerfile):
            click.echo(line)
    except PodshiftError:
        if remote is not None:
            click.echo("the remote was not added", err=True)
        raise
    if remote is not None:
        add_remote(folder, name, remote)
        click.echo(f"added the remote {name}: {remote}")
    add = "" if has_remote(folder, name) else ", add the remote that `podshift create APP` prints on the server"
    click.echo(f"next: commit{add}, and git push {name} {pushed_branch(folder)}")
