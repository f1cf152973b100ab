"""The remotes of a developer's own checkout."""

import re
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.command import last_lines, run_git

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def check_remote(checkout: Path, name: str, url: str) -> None:
    """Raises PodshiftError where add_remote() could not do it, or would change a remote that is there."""
    if not NAME.fullmatch(name):
        raise PodshiftError(f"{printable(name)!r} is no name for a remote", hint="production is the usual one")
    if not url or url.startswith("-") or not url.isprintable() or " " in url:
        raise PodshiftError(f"{printable(url)!r} is no URL to push to", hint="such as deploy@server:hello")
    if run_git(["rev-parse", "--git-dir"], checkout, {})[0]:
        raise PodshiftError("this folder is in no git repository", hint="git init --initial-branch=main")
    status, output, _ = run_git(["remote", "get-url", "--", name], checkout, {})
    there = output.decode(errors="replace").strip()
    if status == 0 and there != url:
        raise PodshiftError(
            f"there is a remote {name} already: {printable(there)}", hint=f"git remote set-url {name} {url}, or --name"
        )


def has_remote(checkout: Path, name: str) -> bool:
    return run_git(["remote", "get-url", "--", name], checkout, {})[0] == 0


def pushed_branch(checkout: Path) -> str:
    """What to push so that it is deployed: `main`, or `master:main` where the branch that is checked out is another."""
    status, output, _ = run_git(["symbolic-ref", "--quiet", "--short", "HEAD"], checkout, {})
    branch = output.decode(errors="replace").strip()
    return "main" if status or branch == "main" or not NAME.fullmatch(branch) else f"{branch}:main"


def add_remote(checkout: Path, name: str, url: str) -> None:
    """Add it; one that is the same already stays. Call check_remote() first. Raises PodshiftError."""
    if has_remote(checkout, name):
        return
    status, _, error = run_git(["remote", "add", "--", name, url], checkout, {})
    if status:
        raise PodshiftError(f"the remote {name} could not be added", details=last_lines(error))
