"""What git runs: pre-receive refuses early, post-receive deploys. Started by the stubs in a repository's hooks."""

import getpass
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.manifest import parse_manifest
from podshift.records import App
from podshift.report import Log, printable
from podshift.settings import Home

if TYPE_CHECKING:
    from podshift.deploy.background import Cancellation

GATE = "gate"
OPTIONS = (GATE,)


@dataclass(frozen=True, slots=True)
class Update:
    """One line of what git tells a receive hook; `new` is None for a deletion, `old` for a new ref."""

    old: str | None
    new: str | None
    ref: str

    @property
    def name(self) -> str:
        return self.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


@dataclass(frozen=True, slots=True)
class Push:
    """What one `git push` brings to an app."""

    app: App
    updates: tuple[Update, ...]
    options: tuple[str, ...]
    by: str

    @property
    def deploy(self) -> Update | None:
        """The update of the deploy branch, if there is one."""
        branch = f"refs/heads/{self.app.branch}"
        return next((update for update in self.updates if update.ref == branch), None)

    @property
    def gated(self) -> bool:
        return self.app.gate or GATE in self.options


def main(hook: str) -> int:
    """Run a hook in the repository that git stands in; the exit code that git should see."""
    repository = Path.cwd().resolve()
    home = Home(repository.parents[1])
    lines = sys.stdin.read()  # all of it first: git must not find a closed pipe
    try:
        with Installation(home) as installation:
            push = read_push(installation.app(repository.stem), lines)
            action = pre_receive if hook == "pre-receive" else post_receive
            return action(installation, push)
    except PodshiftError as error:
        say(*error.lines())
        return 1


def read_push(app: App, lines: str) -> Push:
    count = int(os.environ.get("GIT_PUSH_OPTION_COUNT") or 0)
    options = tuple(os.environ.get(f"GIT_PUSH_OPTION_{number}", "") for number in range(count))
    return Push(app, tuple(parse_updates(lines)), options, os.environ.get("PODSHIFT_KEY") or getpass.getuser())


def parse_updates(lines: str) -> list[Update]:
    """`OLD NEW REF` lines; an object name of zeros says that there is none."""
    words = (line.split(" ", 2) for line in lines.splitlines())
    return [Update(_object(old), _object(new), ref) for old, new, ref in words]


def _object(name: str) -> str | None:
    return None if re.fullmatch("0+", name) else name


def pre_receive(installation: Installation, push: Push) -> int:
    """Refuse what cannot be deployed; with the gate on, deploy already now."""
    check_options(push.options)
    update = push.deploy
    if update is None:
        return 0
    if update.new is None:
        raise PodshiftError(
            f"{push.app.branch} is the branch that deploys {push.app.name}; it cannot be deleted",
            hint=f"podshift destroy {push.app.name} takes the app away",
        )
    check_commit(installation, push.app, update.new)
    return _deploy(installation, push, update) if push.gated else 0


def post_receive(installation: Installation, push: Push) -> int:
    """Deploy the deploy branch; say of everything else that it does not deploy. git ignores the exit code."""
    for update in push.updates:
        if update != push.deploy:
            what = "deleted" if update.new is None else "accepted, not deployed"
            say(f"{printable(update.name)}: {what} (only {push.app.branch} deploys)")
    wanted = push.deploy
    if wanted is None or wanted.new is None or push.gated:
        return 0
    return _deploy(installation, push, wanted)


def check_options(options: Sequence[str]) -> None:
    unknown = [option for option in options if option not in OPTIONS]
    if unknown:
        raise PodshiftError(f"unknown push option {', '.join(map(repr, unknown))}", hint=f"known: {', '.join(OPTIONS)}")


def check_commit(installation: Installation, app: App, commit: str) -> None:
    """Raises PodshiftError for what can be seen to fail without building: all of it at once."""
    from podshift.deploy.push import CONTAINERFILES, MANIFEST, MANIFEST_BYTES, PROCFILE
    from podshift.source import Repository

    repository = Repository(installation.home.repository(app.name))
    manifest = parse_manifest(
        repository.read_text(commit, MANIFEST, MANIFEST_BYTES),
        repository.read_text(commit, PROCFILE, MANIFEST_BYTES),
    )
    build = manifest.build
    context = build.context.strip("/")
    names = [build.containerfile] if build.containerfile else [f"{context}/{name}" for name in CONTAINERFILES]
    if not any(repository.tree_has(commit, name) for name in names):
        listed = " or ".join(name.removeprefix("./") for name in names)
        raise PodshiftError(f"there is no {listed} in commit {commit[:7]}", hint="add one, commit it, and push again")


def _deploy(installation: Installation, push: Push, update: Update) -> int:
    from podshift.deploy.background import in_background
    from podshift.deploy.push import Wish, deploy_commit
    from podshift.source import Repository

    branch, commit = push.app.branch, update.new or ""
    expected = update.old if push.gated else commit

    def still_wanted(repository: Repository) -> bool:
        return repository.tip(branch) == expected

    wish = Wish(push.app.name, commit, push.by, still_wanted, None if push.gated else branch)
    home = installation.home
    installation.records.close()  # SQLite connections do not survive a fork

    def work(log: Log, cancellation: "Cancellation") -> None:
        with Installation(home) as own:
            deploy_commit(own, wish, log, cancellation)

    return in_background(home, push.app.name, work)


def say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
