"""What was pushed: commits, their files and their trees. The only importer of git (GitPython)."""

import os

# GitPython's import runs `git version` twice, for which every push would wait. A program that is not there ends that,
# quietly, as on a machine without git; our command lines name git themselves.
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
os.environ["GIT_PYTHON_GIT_EXECUTABLE"] = "/nonexistent/git"

from podshift.source.bounds import check_bounds, check_received, limit_input
from podshift.source.command import clean_git_environment, git_version, leave_quarantine
from podshift.source.commit import Commit
from podshift.source.export import export
from podshift.source.kept import TREE, kept_tree
from podshift.source.leftlocks import drop_left_locks
from podshift.source.outside import Outside
from podshift.source.repository import Repository, create_repository
from podshift.source.urls import check_origin

del os.environ["GIT_PYTHON_GIT_EXECUTABLE"]

__all__ = [
    "TREE",
    "Commit",
    "Outside",
    "Repository",
    "check_bounds",
    "check_origin",
    "check_received",
    "clean_git_environment",
    "create_repository",
    "drop_left_locks",
    "export",
    "git_version",
    "kept_tree",
    "leave_quarantine",
    "limit_input",
]
