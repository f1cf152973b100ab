"""What kind of app a tree is, by the names of its files and a few short texts, and how such an app is built."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib import import_module
from posixpath import normpath

from podshift.errors import PodshiftError
from podshift.recognise.found import Recognised
from podshift.recognise.shell import SHELL, shell
from podshift.recognise.tree import FolderTree, Tree

__all__ = ["KINDS", "FolderTree", "Recognised", "Tree", "could_be_known", "nothing_known", "recognise"]

# Kind → the files that make it one. The first kind wins: an app of another language may have a package.json for
# its assets, and any app an index.html.
KINDS = {
    "go": ("go.mod",),
    "ruby": ("Gemfile",),
    "php": ("composer.json", "index.php"),
    "python": ("requirements.txt", "pyproject.toml", "Pipfile"),
    "node": ("package.json",),
    "static": ("index.html",),
}


def could_be_known(names: Collection[str]) -> bool:
    """Whether the names at the top of a tree could make it a known kind of app; a quick look for pre-receive."""
    return any(mark in names for marks in KINDS.values() for mark in marks)


def recognise(tree: Tree, command: Sequence[str] = ()) -> Recognised:
    """The kind of app that the tree is. `command` is what the repository itself says that its web process is.

    Raises PodshiftError, with what was looked for, when it is none that is known, or when what starts it is not.
    """
    there = tree.names()
    command = shell(command[2]) if len(command) == 3 and tuple(command[:2]) == SHELL else command
    refusal: PodshiftError | None = None
    for kind, marks in KINDS.items():
        if refusal and kind == "static":
            break  # the source of a site that somebody's program makes must not be served as it is
        if any(mark in there for mark in marks):
            try:
                found: Recognised | None = import_module(f"podshift.recognise.{kind}").recognise(tree, command)
            except PodshiftError as error:
                refusal = refusal or error
            else:
                if found:
                    return replace(found, notes=(*found.notes, *_unused(kind, there)))
    raise refusal or nothing_known("Containerfile or Dockerfile", tree)


def _unused(kind: str, there: Collection[str]) -> list[str]:
    """What of another language is there, and may be expected to be built too."""
    if kind in ("node", "static") or "package.json" not in there:
        return []
    return ["package.json is not built: an app of two languages needs a Containerfile of its own"]


def nothing_known(missing: str, tree: Tree, top: str = ".", app: str = "APP") -> PodshiftError:
    """`missing` is the Containerfile that is not there; `top` is where in its repository the tree of the app is."""
    from podshift.recognise.below import apps_below

    marks = ", ".join(mark for marks in KINDS.values() for mark in marks)
    below = {normpath(f"{top}/{folder}"): mark for folder, mark in apps_below(tree, KINDS).items()}
    hint = "add one, commit it, and push again"
    if below:
        folder = next(iter(below))
        hint = (
            f"an app in a folder: podshift create APP --path {folder}; one that is made: podshift path {app} {folder}"
        )
    return PodshiftError(
        f"there is no {missing}, and no kind of app that podshift knows",
        details=(f"looked for: {marks}", *(f"there is an app in {folder} ({mark})" for folder, mark in below.items())),
        hint=hint,
    )
