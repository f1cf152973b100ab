"""npm, pnpm or yarn: by the lock file, else by what `packageManager` names."""

import re
from dataclasses import dataclass
from typing import Any

from podshift.recognise.tree import Tree

NAMED = re.compile(r"(npm|pnpm|yarn)@(\d{1,3}(?:\.\d{1,4}){0,2})(?:[+-].*)?")
LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
NEWEST_YARN = "4"
FOCUS_SINCE = 4
FURTHER = (".npmrc", ".yarnrc.yml", ".yarnrc")


@dataclass(frozen=True, slots=True)
class Manager:
    """How packages come in. `tool` is the manager itself as an npm package, empty for npm; `files` are read first.

    `prune` takes away what only the build needs; empty where the manager cannot.
    """

    name: str
    tool: str
    files: tuple[str, ...]
    everything: str
    production: str
    prune: str
    environment: str = ""

    @property
    def shown(self) -> str:
        return self.files[-1] if self.files[-1] in LOCKS else "package.json"

    @property
    def build(self) -> str:
        return f"{self.name} run build"


def find_manager(tree: Tree, package: dict[str, Any]) -> Manager:
    there = tree.names()
    lock = next((name for name in LOCKS if name in there), "")
    match = NAMED.fullmatch(str(package.get("packageManager", "")))
    name = LOCKS.get(lock) or (match[1] if match else "npm")
    wanted = match[2] if match and match[1] == name else ""
    files = ("package.json", *(file for file in FURTHER if file in there), *([lock] if lock else []))
    if name == "pnpm":
        return _pnpm(files, wanted, locked=bool(lock))
    if name == "yarn" and _is_berry(tree, wanted):
        return _berry(files, wanted, locked=bool(lock))
    return _yarn(files, locked=bool(lock)) if name == "yarn" else _npm(files, locked=bool(lock))


def _npm(files: tuple[str, ...], *, locked: bool) -> Manager:
    verb = "ci" if locked else "install"
    return Manager("npm", "", files, f"npm {verb}", f"npm {verb} --omit=dev", "npm prune --omit=dev")


def _pnpm(files: tuple[str, ...], wanted: str, *, locked: bool) -> Manager:
    install = "pnpm install --frozen-lockfile" if locked else "pnpm install --no-frozen-lockfile"
    tool = f"pnpm@{wanted or '10'}"
    return Manager("pnpm", tool, files, install, f"{install} --prod", "pnpm prune --prod")


def _yarn(files: tuple[str, ...], *, locked: bool) -> Manager:
    install = "yarn install --frozen-lockfile" if locked else "yarn install"
    return Manager("yarn", "yarn@1", files, install, f"{install} --production", f"{install} --production --offline")


def _berry(files: tuple[str, ...], wanted: str, *, locked: bool) -> Manager:
    """Packages go to node_modules, whatever .yarnrc.yml says: Plug'n'Play, the default, runs nothing without Yarn and
    its cache, and the lock file is the same. Before Yarn 4, `focus` is a plugin that the npm package has not.
    """
    install = "yarn install --immutable" if locked else "yarn install --no-immutable"
    focus = "yarn workspaces focus --all --production" if _major(wanted, NEWEST_YARN) >= FOCUS_SINCE else ""
    tool = f"@yarnpkg/cli-dist@{wanted or NEWEST_YARN}"
    return Manager("yarn", tool, files, install, focus or install, focus, "YARN_NODE_LINKER=node-modules")


def _is_berry(tree: Tree, wanted: str) -> bool:
    """Yarn 2 and later: they write another lock file than Yarn 1."""
    lock = tree.text("yarn.lock") or ""
    return _major(wanted, "1") > 1 if wanted else "__metadata:" in lock or ".yarnrc.yml" in tree.names()


def _major(wanted: str, otherwise: str) -> int:
    return int((wanted or otherwise).split(".")[0])
