"""Where the deploy branch goes back to when the release that it moved for does not go live."""

from contextlib import suppress

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.records import Release
from podshift.source import Repository


def resting_place(installation: Installation, repository: Repository, failed: Release) -> str | None:
    """What is live; or the newest commit below the failed one that was accepted without a deploy, if that is newer.

    None: nothing was ever live, and there was no such branch.
    """
    live = installation.records.live_release(failed.app)
    for commit in installation.records.skipped(failed.app):
        later = commit != failed.commit and repository.contains(failed.commit, commit)
        if later and not (live and repository.contains(live.commit, commit)):
            return commit
    return live.commit if live else None


def move_back(installation: Installation, repository: Repository, failed: Release) -> str:
    """Move the failed release's branch, unless it has moved on already; what to say of it, or nothing."""
    if failed.branch is None:
        return ""
    back = resting_place(installation, repository, failed)
    with suppress(PodshiftError):
        if repository.move_branch(failed.branch, back, failed.commit):
            return f"{failed.branch} is back at {back[:7]}" if back else f"{failed.branch} is away again"
    return ""
