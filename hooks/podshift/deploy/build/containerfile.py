"""Which Containerfile a tree is built with: its own, or one that is rendered for the kind of app that it is."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from podshift.errors import PodshiftError
from podshift.manifest import Places
from podshift.manifest.ownlayers import with_own_layers
from podshift.render import render_containerfile
from podshift.settings import Settings

if TYPE_CHECKING:
    from podshift.recognise import Recognised

LARGEST = 1024 * 1024  # bytes
IGNORE_FILES = (".containerignore", ".dockerignore")
# What the build makes itself, and what only a developer's machine needs.
IGNORED = (".git", "**/node_modules", ".venv", "venv", "**/__pycache__", "**/*.pyc", "**/.DS_Store", "*.log")


class Chosen(NamedTuple):
    """`path` of the Containerfile, and the folder `context` that is built; `said` is what the pusher should read."""

    path: Path
    context: Path
    ignore_file: Path | None = None
    recognised: "Recognised | None" = None
    said: tuple[str, ...] = ()


def choose_containerfile(
    tree: Path, beside: Path, where: Places, command: Sequence[str], settings: Settings, templates: Sequence[Path]
) -> Chosen | None:  # fmt: skip
    """The first of those that are looked for, else a rendered one, which is written `beside` the tree.

    `command` is what the repository says that its web process is. None: there is none, and podshift is not to make
    one. Raises PodshiftError when the tree is no known kind of app.
    """
    context = inside(tree, where.context)
    if own := own_containerfile(tree, where):
        return Chosen(own, context)
    if not where.recognisable:
        return None
    from podshift.recognise import FolderTree, recognise  # most apps bring a Containerfile

    found = recognise(FolderTree(context), command)
    path = beside / "Containerfile"
    path.write_text(render(found, settings, templates))
    said = (found.summary, *(f"note: {note}" for note in notes(found, settings)))
    return Chosen(path, context, _ignore_file(context, beside), found, said)


def for_itself(chosen: Chosen, app: str, secrets: Mapping[str, str], beside: Path) -> Chosen:
    """The same with layers of the app's own in the engine's cache, where it mounts secrets. Raises ValueError."""
    if not secrets:
        return chosen
    text = containerfile_text(chosen.path)
    own = with_own_layers(text, app, secrets)
    if own == text:
        return chosen
    path = beside / "Containerfile"
    path.write_text(own, newline="")
    ignored = [chosen.path.with_name(f"{chosen.path.name}{name}") for name in IGNORE_FILES]
    ignore_file = chosen.ignore_file
    if found := next((one for one in ignored if one.is_file()), None):
        ignore_file = beside / "Containerfile.dockerignore"
        if found != ignore_file:
            shutil.copyfile(found, ignore_file)
    return chosen._replace(path=path, ignore_file=ignore_file)


def render(found: "Recognised", settings: Settings, templates: Sequence[Path]) -> str:
    return render_containerfile(found, settings.bases, templates, host_index=settings.package_index == "host")


def notes(found: "Recognised", settings: Settings) -> list[str]:
    """What somebody should know who expects something else."""
    base = settings.bases.get(found.base, "")
    if found.version.source and "{version}" not in base:
        fixed = f"{found.version.source} asks for {found.version.number}; the server's settings say {base}"
        return [fixed, *found.notes]
    return list(found.notes)


def no_base(chosen: Chosen) -> str:
    """What to do when an image that the build starts from cannot be had."""
    found = chosen.recognised
    if found is None:
        return "is the name after FROM right, and may this server pull from there?"
    asked = f"{found.version.source} asks for {found.title} {found.version.number}: is there such an image? "
    return f"{asked if found.version.source else ''}The server's settings (base_images) say which images are taken"


def own_containerfile(tree: Path, where: Places) -> Path | None:
    name = next((name for name in where.containerfiles if (tree / name).is_file()), None)
    return inside(tree, name) if name else None


def inside(tree: Path, path: str) -> Path:
    """The real place of a path of the tree, which no symbolic link may lead out of. Raises PodshiftError."""
    with suppress(OSError, RuntimeError):  # a link that leads to itself
        place = (tree / path).resolve()
        if place.is_relative_to(tree.resolve()) and place.exists():
            return place
    raise PodshiftError(f"{path} is not inside the pushed commit", hint="look at [build] in podshift.toml")


def containerfile_text(path: Path) -> str:
    """As the engine reads it: with its line ends as they are. ValueError where it is too long, or not UTF-8."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is longer than {LARGEST:,} bytes")
    content = path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: it is not in UTF-8; save it in that encoding") from None


def _ignore_file(context: Path, beside: Path) -> Path | None:
    if any((context / name).exists() for name in IGNORE_FILES):
        return None
    path = beside / "Containerfile.dockerignore"  # where Docker looks for it
    path.write_text("".join(f"{line}\n" for line in IGNORED))
    return path
