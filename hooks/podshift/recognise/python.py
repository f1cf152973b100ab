"""Python: how the dependencies are declared, which version, and what serves the app."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from podshift.errors import PodshiftError
from podshift.recognise.found import Recognised
from podshift.recognise.pythonweb import find_server
from podshift.recognise.tree import Tree
from podshift.recognise.version import Version, of_files, within

DEFAULT = "3.13"
NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
# A line of requirements.txt that needs more than this file: another one, or the app itself.
NEEDS_FILES = re.compile(r"^[ \t]*(-r|-c|-e|--requirement|--constraint|--editable|\.|file:|\S+ @ file:)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declared:
    """How a tree declares what it needs. `installs` is the template's word for it, `files` what that reads first.

    `package`: the app is a package itself, and is to be installed. `whole`: the files alone are not enough to install
    what it needs.
    """

    installs: str
    files: tuple[str, ...]
    names: frozenset[str]
    package: bool = False
    whole: bool = False


def recognise(tree: Tree, command: Sequence[str]) -> Recognised | None:
    declared = _declared(tree)
    if declared is None:
        return None
    server = None if command else find_server(tree, declared.names)
    version, notes = _version(tree)
    if not command and server is None:
        raise PodshiftError(
            f"this is a Python app ({declared.files[0]}), but nothing in it says what serves it",
            details=("looked for: manage.py; an app in app.py, main.py, wsgi.py, asgi.py, application.py, server.py",),
            hint="say it in a Procfile: web: gunicorn package.module:app",
        )
    return Recognised(
        kind="python",
        title="Python",
        version=version,
        command=server.command if server else tuple(command),
        reasons=(declared.files[0], *([server.shown] if server else [])),
        values={
            "installs": declared.installs,
            "files": declared.files,
            "package": declared.package,
            "whole": declared.whole,
            "server": server.package if server and server.package not in declared.names else "",
            "collectstatic": "manage.py" in tree.names() and "whitenoise" in declared.names,
        },
        notes=tuple(notes),
    )


def _declared(tree: Tree) -> Declared | None:
    there = tree.names()
    project = pyproject(tree)
    for tool in ("uv", "poetry"):
        if f"{tool}.lock" in there and project:
            return _of_project(tool, (f"{tool}.lock", "pyproject.toml"), project)
    if "Pipfile" in there:
        locked = ("Pipfile.lock",) if "Pipfile.lock" in there else ()
        packages = _toml(tree.text("Pipfile")).get("packages", {})
        return Declared("pipenv", (*locked, "Pipfile"), _canonical(packages))
    if "requirements.txt" in there:
        text = tree.text("requirements.txt") or ""
        whole = bool(NEEDS_FILES.search(text))
        return Declared("requirements", ("requirements.txt",), _canonical(text.split("\n")), whole=whole)
    is_app = "project" in project or "poetry" in project.get("tool", {})  # and not only the settings of a tool
    return _of_project("pip", ("pyproject.toml",), project) if is_app else None


def _of_project(installs: str, files: tuple[str, ...], project: dict[str, Any]) -> Declared:
    dependencies = project.get("project", {}).get("dependencies", [])
    poetry = project.get("tool", {}).get("poetry", {})
    return Declared(
        installs,
        files,
        _canonical([*dependencies, *poetry.get("dependencies", {})]),
        package="build-system" in project and poetry.get("package-mode") is not False,
        whole="project" not in project and installs == "pip",
    )


def pyproject(tree: Tree) -> dict[str, Any]:
    return _toml(tree.text("pyproject.toml"))


def _toml(text: str | None) -> dict[str, Any]:
    """Empty for what is no TOML, or has something else where a table should be: the build will say so."""
    try:
        read = tomllib.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    tool = read.get("tool", {})
    tables = (read.get("project", {}), tool, tool.get("poetry", {}) if isinstance(tool, dict) else None)
    return read if all(isinstance(table, dict) for table in tables) else {}


def _canonical(lines: Any) -> frozenset[str]:
    """The names of packages, as PEP 503 compares them, from the lines or keys that begin with them."""
    matches = (NAME.match(line) for line in lines if isinstance(line, str)) if isinstance(lines, list | dict) else ()
    return frozenset(re.sub(r"[-_.]+", "-", match[1]).lower() for match in matches if match)


def _version(tree: Tree) -> tuple[Version, list[str]]:
    named, notes = of_files(tree, (".python-version", "runtime.txt"), 2)
    return named or _required(tree), notes


def _required(tree: Tree) -> Version:
    project = pyproject(tree)
    poetry = project.get("tool", {}).get("poetry", {}).get("dependencies", {})
    pipfile = _toml(tree.text("Pipfile")).get("requires", {})
    wanted = {
        "pyproject.toml": project.get("project", {}).get("requires-python") or poetry.get("python"),
        "Pipfile": pipfile.get("python_version") if isinstance(pipfile, dict) else None,
    }
    for file, text in wanted.items():
        if isinstance(text, str) and (number := within(text, DEFAULT)):
            return Version(number, file)
    return Version(DEFAULT)
