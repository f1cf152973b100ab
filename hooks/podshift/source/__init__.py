"""What was pushed: commits, their files and their trees. The only importer of git (GitPython)."""

from podshift.source.command import clean_git_environment, git_version
from podshift.source.export import export
from podshift.source.repository import Repository, create_repository

__all__ = ["Repository", "clean_git_environment", "create_repository", "export", "git_version"]
