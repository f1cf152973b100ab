"""Apps in folders of a tree that is none itself: a repository of several has its marks there."""

from collections.abc import Collection, Iterator, Mapping

from podshift.recognise.found import word
from podshift.recognise.tree import Tree

MOST_FOLDERS = 100
MOST_SHOWN = 5
DEEPEST = 2
BUILT = {"node_modules", "vendor", "venv", "dist", "build", "target", "test", "tests", "docs", "examples"}


def apps_below(tree: Tree, kinds: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Folder → the file that makes it an app, for the first few of those that are near the top."""
    marks = ("Containerfile", "Dockerfile", *(mark for some in kinds.values() for mark in some))
    found: dict[str, str] = {}
    for folder, names in _folders(tree):
        mark = next((mark for mark in marks if mark in names), None)
        if mark and len(found) < MOST_SHOWN:
            found[folder] = mark
    return found


def _folders(tree: Tree) -> Iterator[tuple[str, frozenset[str]]]:
    """The nearest first; not below a folder that is an app itself, which nobody needs to know here."""
    level, looked = [""], 0
    for _ in range(DEEPEST):
        below: list[str] = []
        for folder in level:
            for name in sorted(tree.names(folder or ".")):
                path = f"{folder}/{name}" if folder else name
                names = tree.names(path) if word(path) == path and name not in BUILT else frozenset()
                looked += 1
                if looked > MOST_FOLDERS:
                    return
                if names:
                    yield path, names
                    below.append(path)
        level = below
