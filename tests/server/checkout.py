"""A developer's checkout of the hello app, and what they see when they push it."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.installation import App

HELLO = Path(__file__).parents[1] / "apps" / "hello"
AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Pushed:
    """A push's exit code and what the terminal showed; `said` has white space collapsed and no `remote:`."""

    code: int
    text: str

    @property
    def said(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"^remote: ?", "", self.text, flags=re.MULTILINE))


class Checkout:
    """A git repository with the hello app in it, which is not watched after the switch: most tests need not wait."""

    def __init__(self, folder: Path, source: Path = HELLO, *, object_format: str = "sha1") -> None:
        self.folder = folder
        shutil.copytree(source, folder)
        (folder / "podshift.toml").write_text('[web]\nwatch = "0s"\n')
        self.git("init", "--quiet", "--initial-branch=main", f"--object-format={object_format}")
        self.commit("First")

    def clone(self, folder: Path) -> "Checkout":
        """Another developer's checkout, at the same commit."""
        self.git("clone", "--quiet", str(self.folder), str(folder))
        other = object.__new__(type(self))
        other.folder = folder
        return other

    def git(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **AUTHOR}, capture_output=True, text=True,
            timeout=180,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def git_said(self, *arguments: str, fails: bool = False) -> str:
        """What the terminal shows, with white space collapsed and no `remote:`."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **AUTHOR}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=180,
        )  # fmt: skip
        assert bool(done.returncode) == fails, done.stdout
        return Pushed(done.returncode, done.stdout).said

    def commit(self, message: str, **files: str) -> str:
        """Write files (`version_txt="v2"` is version.txt), commit everything, give back the commit."""
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")

    def version(self, version: str, behaviour: str = "graceful") -> str:
        """A commit that answers with this version and behaves like this (tests/apps/hello has the list)."""
        return self.commit(f"Version {version}", version_txt=f"{version}\n", behaviour_txt=f"{behaviour}\n")

    def start_push(self, app: App, *arguments: str, refs: tuple[str, ...] = ("main",)) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["git", "push", *arguments, app.remote, *refs],
            cwd=self.folder, env={**os.environ, **AUTHOR}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace",
        )  # fmt: skip

    def push(self, app: App, *arguments: str, refs: tuple[str, ...] = ("main",), seconds: float = 180) -> Pushed:
        process = self.start_push(app, *arguments, refs=refs)
        text, _ = process.communicate(timeout=seconds)
        return Pushed(process.returncode, text)
