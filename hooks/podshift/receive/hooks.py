"""pre-receive and post-receive: refuse what cannot be deployed, deploy what was accepted."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from podshift.errors import PodshiftError
from podshift.receive.gate import announce
from podshift.receive.options import SKIP
from podshift.receive.push import Push, options_in, pusher, read_push, say
from podshift.receive.standby import leave_behind
from podshift.records import PUSH, SKIPPED, App, Event, Records
from podshift.report import printable
from podshift.settings import Home

if TYPE_CHECKING:  # GitPython takes its time to import: see pre_receive()
    from podshift.source import Repository


def run(hook: str) -> int:
    """One of the two, in the repository where git has started it; the exit code."""
    with open(0, "rb", closefd=False) as stream:
        told = stream.read()  # all of it first: git must not find a closed pipe
    text = told.decode(errors="surrogateescape")
    lines = [line for line in text.split("\n") if line]  # splitlines() also splits at what a ref may have in it
    repository = Path.cwd().resolve()
    home, app = Home(repository.parents[1]), repository.stem
    try:
        return (pre_receive if hook == "pre-receive" else post_receive)(home, app, lines)
    except PodshiftError as error:
        say(*error.lines())
        return 1


def pre_receive(home: Home, app: str, lines: list[str]) -> int:
    """Refuse what can be seen not to deploy. No side effects: the objects of the push are still in quarantine.

    A note for proc-receive says that the gate is shut; without one, it does not even look.
    """
    push = read_push(home, app, lines, options_in(os.environ))
    comes = bool(push.deploy and push.deploy.new)
    if comes and not push.gated and not push.options.skip:
        leave_behind(partial(run, "post-receive"))
    from podshift.receive.checks import check  # only now, so that both processes import at once

    check(home, push)
    if comes and push.gated:
        announce(home.repository(app))
    return 0


def post_receive(home: Home, app: str, lines: list[str]) -> int:
    """Deploy the deploy branch; say of everything else that it does not deploy. git ignores the exit code."""
    push = read_push(home, app, lines, options_in(os.environ))
    for update in push.updates:
        if update != push.deploy:
            what = "deleted" if update.new is None else "accepted, not deployed"
            say(f"{printable(update.name)}: {what} (only {push.app.branch} deploys)")
    if hint := first_push_hint(push):
        say(hint)
    wanted = push.deploy
    if wanted is None or wanted.new is None or (push.gated and _gate_has_deployed(home, app, wanted.new)):
        return 0
    if push.options.skip:
        _skip(home, push, wanted.new)
        return 0
    return 0 if _deploy(home, push, wanted.new) else 1


def first_push_hint(push: Push) -> str:
    """For whoever pushed another branch before anything was ever live, and waits for it; empty: for nobody."""
    branch = next((one for one in push.updates if one.new and one.ref == f"refs/heads/{one.name}"), None)
    if push.app.live or push.deploy or branch is None:
        return ""
    return f"hint: git push … {printable(branch.name)}:{push.app.branch} deploys it"


def _gate_has_deployed(home: Home, app: str, commit: str) -> bool:
    """Not so when the gate was shut just after this push had passed."""
    from podshift.deploy.release.gate import was_deployed

    return was_deployed(home, app, commit)


def _deploy(home: Home, push: Push, commit: str) -> bool:
    from podshift.deploy.release.push import Wish
    from podshift.receive.start import deploy

    app = push.app

    def still_wanted(repository: Repository) -> bool:
        tip = repository.tip(app.branch)
        return tip == commit or tip in _skipped(home, app)

    return deploy(home, Wish(app.name, commit, pusher(), still_wanted, app.branch, options=push.options.deploy))


def _skip(home: Home, push: Push, commit: str) -> None:
    """Write down that this commit was not to be deployed: it replaces none that waits for its deploy."""
    from podshift.source import Commit, Repository

    app = push.app
    with Commit(Repository(home.repository(app.name)), commit) as skipped:
        what = push.options.deploy.message or skipped.subject()
    records = Records(home.database)
    records.add_event(Event(time.time(), app.name, PUSH, SKIPPED, pusher(), None, commit, what, None))
    records.close()
    say(f"{printable(app.branch)}: accepted, not deployed (-o {SKIP})")
    say(f"hint: on the server, podshift deploy {app.name} deploys it; so does the next push")


def _skipped(home: Home, app: App) -> list[str]:
    records = Records(home.database)
    try:
        return records.skipped(app.name)
    finally:
        records.close()
