"""Go: the version that go.mod asks for, and which of its commands is the app."""

import re
from collections.abc import Sequence

from podshift.errors import PodshiftError
from podshift.recognise.found import Recognised, word
from podshift.recognise.tree import Tree
from podshift.recognise.version import Version

DEFAULT = "1.25"
MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
# `toolchain` only says what the developer had; `go` is what the module needs. Any later patch will do.
GO = re.compile(r"^go\s+(\d{1,2}\.\d{1,3})", re.MULTILINE)
USUAL = ("web", "server", "app", "api", "http")
MAIN = re.compile(r"^package main\b", re.MULTILINE)


def recognise(tree: Tree, command: Sequence[str]) -> Recognised | None:
    text = tree.text("go.mod") or ""
    package, name = _package(tree, text)
    version = GO.search(text)
    return Recognised(
        kind="go",
        title="Go",
        version=Version(version[1], "go.mod") if version else Version(DEFAULT),
        command=tuple(command) or (f"bin/{name}",),
        reasons=("go.mod", f"go build {package}"),
        values={
            "package": package,
            "binary": name,
            "files": tuple(file for file in ("go.mod", "go.sum") if file in tree.names()),
            "whole": "go.work" in tree.names() or bool(re.search(r"=>\s*\.", text)),
            "vendored": "vendor" in tree.names(),
        },
    )


def _package(tree: Tree, text: str) -> tuple[str, str]:
    """The package to build and its program's name: the top, or a folder of cmd/."""
    module = MODULE.search(text)
    name = re.sub(r"/v\d+$", "", module[1]).rpartition("/")[2] if module else "app"
    name = name if word(name) else "app"
    files = sorted(file for file in tree.names() if file.endswith(".go") and not file.endswith("_test.go"))
    if any(MAIN.search(tree.text(file) or "") for file in files[:20]):
        return ".", name
    folders = [folder for folder in sorted(tree.names("cmd")) if word(folder) == folder and tree.names(f"cmd/{folder}")]
    chosen = next((one for one in (name, *USUAL) if one in folders), folders[0] if len(folders) == 1 else None)
    if chosen:
        return f"./cmd/{chosen}", chosen
    raise PodshiftError(
        "this is a Go app (go.mod), but which command is the app is not clear",
        details=(f"looked for: package main at the top; one folder in cmd/, or one of {', '.join((name, *USUAL))}",),
        hint="add a Containerfile of your own, or move the app's main package to one of these places",
    )
