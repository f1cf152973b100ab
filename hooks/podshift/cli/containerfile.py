"""containerfile: what podshift would build a folder with. For a developer's checkout; needs no installation."""

from pathlib import Path

import click

from podshift.errors import PodshiftError


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def containerfile(folder: Path) -> None:
    """Print the Containerfile that an app without one is built with, to commit it and own it."""
    from podshift.deploy.build.checkout import installed_settings
    from podshift.deploy.build.containerfile import notes, own_containerfile, render
    from podshift.manifest import APP_JSON, MANIFEST, PROCFILE, parse_manifest, places
    from podshift.recognise import FolderTree, recognise

    tree = FolderTree(folder)
    manifest = parse_manifest(tree.text(MANIFEST), tree.text(PROCFILE), tree.text(APP_JSON))
    where = places("", manifest.build)
    if own := own_containerfile(tree.folder, where):
        raise PodshiftError(
            f"{own.relative_to(tree.folder)} is there already, and is what a push builds with",
            hint="to see what podshift would make of the app without it, move it away",
        )
    settings = installed_settings()
    if not where.recognisable:
        raise PodshiftError(f"podshift.toml names {where.listed}, which is not there", hint="look at [build]")
    found = recognise(FolderTree(tree.folder / where.context), manifest.web.command)
    click.echo(f"# What podshift recognised: {found.summary}")
    version = found.version
    if version.number:
        asked = (
            f"{version.source} asks for it" if version.source else "no file asks for another, it is podshift's choice"
        )
        click.echo(f"# {found.title} {version.number}: {asked}")
    for note in notes(found, settings):
        click.echo(f"# Note: {note}")
    click.echo(render(found, settings, ()), nl=False)
