"""A developer's checkout is made ready for its first push: a commented podshift.toml, and a Containerfile to own."""

from collections.abc import Iterator
from pathlib import Path

from podshift.deploy.build.containerfile import own_containerfile, render
from podshift.errors import PodshiftError
from podshift.manifest import APP_JSON, MANIFEST, PROCFILE, parse_manifest, places
from podshift.recognise import FolderTree, Recognised, recognise
from podshift.render import render_template
from podshift.settings import Home, Settings, saved_settings

CONTAINERFILE = "Containerfile"


def prepare(folder: Path, *, containerfile: bool) -> Iterator[str]:
    """Write what is not there yet; a line for each thing that was found or written.

    Raises PodshiftError before anything is written: for a podshift.toml that is there, and for a Containerfile that is
    wanted where there is one, or that nobody can make.
    """
    if (folder / MANIFEST).exists():
        raise PodshiftError(f"{MANIFEST} is there already", hint="podshift init-app in another folder, or move it away")
    found, summary, hint = _look(folder, containerfile=containerfile)
    _write(folder / MANIFEST, render_template("podshift.toml.j2", [], summary=summary))
    yield summary
    if hint:
        yield f"hint: {hint}"
    yield f"wrote {MANIFEST}"
    if containerfile and found:
        _write(folder / CONTAINERFILE, render(found, installed_settings(), ()))
        yield f"wrote {CONTAINERFILE}"


def _look(folder: Path, *, containerfile: bool) -> tuple[Recognised | None, str, str]:
    """What podshift recognises in the folder, where it has to; what a push will be built with; else what to do."""
    tree = FolderTree(folder)
    manifest = parse_manifest(None, tree.text(PROCFILE), tree.text(APP_JSON))
    if own := own_containerfile(tree.folder, places("", manifest.build)):
        if containerfile:
            raise PodshiftError(f"{own.name} is there already", hint="leave out --containerfile")
        return None, f"A push is built with the {own.name} that is here.", ""
    try:
        found = recognise(tree, manifest.web.command)
    except PodshiftError as error:
        if containerfile:
            raise
        return None, f"A push cannot be built as it is: {error.message}.", error.hint
    return found, f"A push is built as podshift recognises it: {found.summary}.", ""


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x") as stream:
            stream.write(text)
    except OSError as error:
        raise PodshiftError(f"{path} cannot be written: {error.strerror}") from None


def installed_settings() -> Settings:
    """The installation's, where there is one: its base images are what a push gets."""
    return saved_settings(Home.from_environment()) or Settings()
