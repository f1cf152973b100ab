"""Before a build: that nothing of the server, and nothing of another app, can get into the image.

The engine keeps COPY inside the build; what it does not keep inside is refused here. `podshift allow APP
build:unchecked` is for an app whose pushers may have the server.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from podshift.deploy.build.containerfile import IGNORE_FILES, containerfile_text
from podshift.deploy.build.folder import KEPT, temporary_folder
from podshift.deploy.build.origins import OriginsAhead
from podshift.deploy.installation import Installation
from podshift.engine import EngineError, ImageOrigin
from podshift.errors import PodshiftError
from podshift.grants import UNCHECKED
from podshift.manifest.containerfile import Asked, examine
from podshift.model import Build
from podshift.records import App
from podshift.report import Log


def check_build(
    installation: Installation, app: App, build: Build, tree: Path, context: Path, containerfile: Path, log: Log,
    ahead: OriginsAhead,
) -> bool:  # fmt: skip
    """Whether an image that it starts from brings a HEALTHCHECK along; not looked for where nothing is checked.

    Raises PodshiftError with every fault, before anything of the commit is given to the engine.
    """
    if UNCHECKED in installation.records.grants(app.name):
        return False
    try:
        _check_files(tree, context, containerfile)
        asked = examine(containerfile_text(containerfile), build.args)
        if asked.binds_context:
            _check_links(tree, os.walk(context))
        _check_caches(temporary_folder(installation, app) / KEPT, asked)
        return _check_images(installation, app, asked.images, log, ahead)
    except ValueError as error:
        lines = str(error).splitlines()
        raise PodshiftError(
            f"{containerfile.name} asks for what a pushed repository may not have",
            details=tuple(lines),
            hint=f"mend it and push again; or on the server: podshift allow {app.name} {UNCHECKED}",
        ) from None


def _check_files(tree: Path, context: Path, containerfile: Path) -> None:
    """The engine itself reads these, whatever they are links to."""
    if containerfile.name.endswith(".in"):
        raise ValueError("a Containerfile that ends with .in goes through cpp, which reads files of the server")
    places = [context / name for name in IGNORE_FILES]
    if containerfile.is_relative_to(tree.resolve()):  # else it is podshift's own
        places += [containerfile.with_name(f"{containerfile.name}{name}") for name in IGNORE_FILES]
    _check_links(tree, [(str(place.parent), [], [place.name]) for place in places])


def _check_links(tree: Path, walked: Iterable[tuple[str, list[str], list[str]]]) -> None:
    top = tree.resolve()
    for folder, folders, files in walked:
        for path in (Path(folder, name) for name in (*folders, *files)):
            if path.is_symlink() and not _resolved(path).is_relative_to(top):
                shown = (path.parent.resolve() / path.name).relative_to(top)
                raise ValueError(f"{shown} is a link that leads out of the commit")


def _resolved(path: Path) -> Path:
    """Where a link leads; one that leads in a circle leads nowhere, and stays where it is."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.parent.resolve() / path.name


def _check_caches(kept: Path, asked: Asked) -> None:
    """A step of an earlier build may have put a link where this one's cache would be."""
    for name in asked.caches:
        parts = name.split("/")
        places = [kept.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
        if any(place.is_symlink() for place in places):
            raise ValueError(f"the cache {name} is a link; give the cache another id")


def _check_images(
    installation: Installation, app: App, names: tuple[str, ...], log: Log, ahead: OriginsAhead
) -> bool:  # fmt: skip
    """No image of another app, none that brings such instructions along (ONBUILD); whether one has a HEALTHCHECK."""
    origins = ahead.of(names) or _facts(installation, names, log)
    for name, facts in zip(names, origins, strict=True):
        owner = facts.labels.get("podshift.app", app.name)
        if owner != app.name:
            raise ValueError(f"{name} is an image of another app")
        for instruction in facts.on_build:
            _check_brought_along(name, instruction)
    return any(facts.healthcheck for facts in origins)


def _check_brought_along(image: str, instruction: str) -> None:
    """The engine reads each by itself: none goes on in the next."""
    try:
        further = examine("FROM scratch\n" + instruction.removeprefix("\ufeff"), {})
    except ValueError as error:
        raise ValueError(f"{image} brings instructions along (ONBUILD): {str(error).partition(': ')[2]}") from None
    if further.images or further.binds_context or further.caches:
        raise ValueError(f"{image} brings instructions along (ONBUILD) that need more than the commit")


def _facts(installation: Installation, names: tuple[str, ...], log: Log) -> list[ImageOrigin]:
    try:
        return installation.engine.image_origins(names)
    except EngineError:
        for name in names:
            if not installation.engine.exists("image", name):
                installation.engine.pull(name, lambda line: log.output("build", line))
        return installation.engine.image_origins(names)
