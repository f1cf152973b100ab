"""Node: which package manager, which version, and whether it is a server or the source of a static site."""

import json
import re
from collections.abc import Sequence
from typing import Any

from podshift.errors import PodshiftError
from podshift.recognise.found import Recognised, word
from podshift.recognise.nodemanager import find_manager
from podshift.recognise.shell import shell
from podshift.recognise.static import CADDY
from podshift.recognise.tree import Tree, first_of
from podshift.recognise.version import Version, exact, of_files, within

DEFAULT = "24"
NEWEST = ("lts/*", "node", "stable")
LINES = {"carbon": "8", "dubnium": "10", "erbium": "12", "fermium": "14", "gallium": "16", "hydrogen": "18",
         "iron": "20", "jod": "22", "krypton": "24"}  # fmt: skip
MAIN_FILES = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs")
OUTPUT_FOLDERS = "dist build out _site public"
"""Where a `build` script may leave a site: the first with an index.html is it. CRA has its source in public."""
# What a `start` script has when it is for a developer's machine; the site is what `build` makes.
DEVELOPMENT = re.compile(
    r"^(npx )?(react-scripts start|vite( dev| serve)?( |$)|parcel( serve)? |webpack(-dev-server| serve)|ng serve"
    r"|vue-cli-service serve|gatsby develop|astro dev|next dev|eleventy.*--serve|docusaurus start)"
)
NODE_LINE = re.compile(r"node(?P<words>( [A-Za-z0-9_./@=:-]+)+)")


def recognise(tree: Tree, command: Sequence[str]) -> Recognised | None:
    package = read_package(tree.text("package.json"))
    if package is None:
        raise PodshiftError("package.json cannot be read: it is no JSON, or no object", hint="npm install says where")
    scripts = package["scripts"]
    manager = find_manager(tree, package)
    started = (tuple(command), ()) if command else _start(tree, package)
    values = {
        "manager": manager,
        "build": "build" in scripts,
        "output": OUTPUT_FOLDERS,
        "whole": _needs_files(package, tree),
    }
    version, notes = _version(tree, package)
    if started:
        run, why = started
        return Recognised("node", "Node", version, run, (manager.shown, *why), values, tuple(notes))
    if "build" in scripts:
        why = ("build script, static site",)
        return Recognised("site", "Node", version, CADDY, (manager.shown, *why), values, tuple(notes))
    raise PodshiftError(
        "this is a Node app (package.json), but nothing in it says how to start it",
        details=(f"looked for: scripts.start, main, {', '.join(MAIN_FILES)}; scripts.build for a static site",),
        hint='say it in package.json: "scripts": {"start": "node server.js"}, or in a Procfile: web: COMMAND',
    )


def read_package(text: str | None) -> dict[str, Any] | None:
    """package.json, with `scripts` as texts and the tables of packages as tables; None when it is no such thing."""
    try:
        package = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(package, dict):
        return None
    for name in ("scripts", "dependencies", "devDependencies", "engines"):
        table = package.get(name)
        items = table.items() if isinstance(table, dict) else ()
        package[name] = {key: value for key, value in items if isinstance(value, str) and "\n" not in value}
    return package


def _start(tree: Tree, package: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The command and the words for it. npm itself does not reliably pass signals on, so it is not what runs."""
    scripts = package["scripts"]
    script = scripts.get("start", "").strip()
    if script and not ("build" in scripts and DEVELOPMENT.match(script)):
        if "npm_" in script or "poststart" in scripts:
            return ("npm", "start"), ("start script",)
        line = f"{scripts['prestart']} && {script}" if "prestart" in scripts else script
        match = NODE_LINE.fullmatch(line)
        return ("node", *match["words"].split()) if match else shell(line), ("start script",)
    main = package.get("main")
    files = [word(main)] if isinstance(main, str) and not script else []
    for file in (*files, *(() if script else MAIN_FILES)):
        if file and file.endswith(("js", "mjs", "cjs")) and tree.text(file) is not None:
            return ("node", file), (f"node {file}",)
    return None


def _needs_files(package: dict[str, Any], tree: Tree) -> bool:
    """An install that runs the app's own scripts, or reads its other packages, needs all files first."""
    hooks = ("preinstall", "install", "postinstall", "prepare")
    local = [*package["dependencies"].values(), *package["devDependencies"].values()]
    return (
        "workspaces" in package
        or any(hook in package["scripts"] for hook in hooks)
        or any(where.startswith(("file:", "link:", "workspace:", "./")) for where in local)
        or bool(first_of(tree, "pnpm-workspace.yaml", "patches", ".yarn"))
    )


def _version(tree: Tree, package: dict[str, Any]) -> tuple[Version, list[str]]:
    named, notes = of_files(tree, (".nvmrc", ".node-version"), 1, _node_version)
    return named or _engine(package), notes


def _node_version(text: str | None, parts: int) -> str | None:
    """A number, or one of nvm's names: `lts/iron` is a line of releases, `lts/*` and `node` are the newest."""
    name = (text or "").strip().lower()
    return DEFAULT if name in NEWEST else LINES.get(name.removeprefix("lts/")) or exact(text, parts)


def _engine(package: dict[str, Any]) -> Version:
    if number := within(package["engines"].get("node", ""), DEFAULT):
        return Version(number, "engines.node")
    return Version(DEFAULT)
