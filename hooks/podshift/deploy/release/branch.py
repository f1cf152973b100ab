"""Where the deploy branch goes back to when the commit that it moved to does not go live."""

from contextlib import suppress

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.source import Repository


def resting_place(installation: Installation, repository: Repository, app: str, failed: str) -> str | None:
    """What is live; or the newest commit below the failed one that was accepted without a deploy, if that is newer.

    None: nothing was ever live, and there was no such branch.
    """
    live = installation.records.live_release(app)
    for commit in installation.records.skipped(app):
        later = commit != failed and repository.contains(failed, commit)
        if later and not (live and repository.contains(live.commit, commit)):
            return commit
    return live.commit if live else None


def serving(installation: Installation, app: str) -> str:
    """What of the app serves when something else did not go live, for who made that fail."""
    live = installation.records.live_release(app)
    if live is None:
        return "nothing was serving before"
    still = "still serves" if installation.records.containers().get(app) else "is live, and runs nothing"
    return f"{live.name} ({live.commit[:7]}) {still}"


def move_back(installation: Installation, repository: Repository, app: str, branch: str | None, failed: str) -> str:
    """Move the branch off the failed commit, unless it has moved on already; what to say of it, or nothing.

    Raises PodshiftError when the records cannot be read.
    """
    if branch is None:
        return ""
    back = resting_place(installation, repository, app, failed)
    with suppress(PodshiftError):
        if repository.move_branch(branch, back, failed):
            return f"{branch} is back at {back[:7]}" if back else f"{branch} is away again"
    return ""
