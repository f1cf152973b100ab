"""An app's bare repository: how git is asked there, and where its branches stand."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from podshift.errors import PodshiftError
from podshift.model import COMMIT
from podshift.report.text import printable
from podshift.source import listing
from podshift.source.command import HERMETIC, SHALLOW_FILE, last_lines, quarantine_of, run_git, start_git
from podshift.source.leftlocks import drop_left_locks
from podshift.source.listing import Listing

_SETTINGS = {
    "receive.advertisePushOptions": "true",
    "receive.fsckObjects": "true",
    "transfer.hideRefs": "refs/podshift",  # podshift's own
    # So that the hook sees the shallow push, and refuses it in our words: see cut_off().
    "receive.shallowUpdate": "true",
    # Old clients wrote these into many a history; they harm nothing and cannot be mended by the pusher.
    "receive.fsck.badTimezone": "ignore",
    "receive.fsck.missingSpaceBeforeDate": "ignore",
    "receive.fsck.zeroPaddedFilemode": "ignore",
}


class Repository:
    """Reads and moves what one bare repository holds, also from inside its own hooks.

    Make it before clean_git_environment() begins: it remembers the quarantine of a push not yet accepted.
    Every method raises PodshiftError with git's own words when git fails.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._environment = {**HERMETIC, "GIT_DIR": str(self.path), **quarantine_of(self.path)}

    def run(self, *arguments: str, **variables: str) -> tuple[int, bytes, str]:
        """Runs git on this repository with further variables; exit status, output, error text."""
        return run_git(arguments, self.path, {**self._environment, **variables})

    def read(self, *arguments: str, **variables: str) -> bytes:
        """What a git command prints, or PodshiftError when it fails."""
        return self._output(arguments, self.run(*arguments, **variables))

    def start(self, *arguments: str, stdin: int | None = None) -> Any:
        """A git that runs on this repository, as GitPython's process: kill() and communicate() end it in any case."""
        return start_git(arguments, self.path, self._environment, stdin)

    def check_out(self, commit: str, directory: Path, index: Path) -> Listing:
        """Makes the folder hold the commit's tree, which the index file then describes; what is in it.

        Both may be new, or as an earlier call left them: then only what is not as it should be is written. Files are
        readable by all (umask 022) whatever the caller's umask is: they become an image, where an app may run as
        another user, and their modes are part of the build cache's key.
        """
        variables = {**self._environment, "GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(directory)}
        write, look = ("read-tree", "--reset", "-u", checked(commit)), listing.ARGUMENTS
        self._output(write, run_git(write, directory, variables, umask=0o022))
        return listing.read_listing(self._output(look, run_git(look, directory, variables)), index)

    def filtered(self, directory: Path, index: Path, name: str) -> list[str]:
        """The paths of a checked-out tree for which .gitattributes names this filter."""
        variables = {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(directory), "GIT_LITERAL_PATHSPECS": "0"}
        command = ("ls-files", "-z", "--cached", "--", f":(attr:filter={name})")
        output = self._output(command, run_git(command, directory, {**self._environment, **variables}))
        return [os.fsdecode(path) for path in output.split(b"\0") if path]

    def _output(self, arguments: tuple[str, ...], result: tuple[int, bytes, str]) -> bytes:
        status, output, error = result
        if status == 0:
            return output
        what = f"git {arguments[0]} failed in {printable(self.path.name)}"
        raise PodshiftError(what, details=last_lines(error))

    def cut_off(self, commits: Sequence[str]) -> str | None:
        """Where the history of these commits, still in quarantine, would end for ever were they accepted.

        None for a push that is whole together with what is here; a shallow clone can bring such a one too. git
        itself would mark the repository as shallow for the others, and every later clone of it with it.
        """
        shallow = self._environment.get(SHALLOW_FILE)
        if not shallow or not commits:
            return None
        ends = set(Path(shallow).read_text().split())
        new = self.read("rev-list", *map(checked, commits), "--not", "--all").decode().split()
        return next((commit for commit in new if commit in ends), None)

    def resolve(self, revision: str) -> str:
        """The commit that an operator names by branch, tag or the beginning of its hash."""
        commit = self._commit(revision)
        if commit is None:
            raise PodshiftError(
                f"no commit {printable(revision)!r} in {printable(self.path.name)}",
                hint="name a branch, a tag or a commit that was pushed here",
            )
        return commit

    def tip(self, branch: str) -> str | None:
        """The commit that the branch stands at, None when there is no such branch."""
        return self._commit(f"refs/heads/{branch}")

    def contains(self, commit: str, earlier: str) -> bool:
        """Whether the history of a commit has that earlier one in it; not so for one that is not here."""
        return self.run("merge-base", "--is-ancestor", checked(earlier), checked(commit))[0] == 0

    def move_branch(self, branch: str, new: str | None, expected_old: str | None) -> bool:
        """Moves the branch from one commit to another in one step; None: there is no such branch.

        Returns False, with nothing changed, when somebody else has moved it meanwhile.
        """
        reference = f"refs/heads/{branch}"
        if new is None and expected_old is None:
            return self.tip(branch) is None
        drop_left_locks(self.path, branch)
        change = [reference, checked(new)] if new else ["-d", reference]
        old = checked(expected_old) if expected_old else ""  # the empty value: it must not exist
        status, _, error = self.run("update-ref", *change, old)
        if status and self.tip(branch) == expected_old:
            raise PodshiftError(f"the branch {printable(branch)} did not move", details=last_lines(error))
        return status == 0

    def _commit(self, revision: str) -> str | None:
        wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        output = self.run(*wanted)[1].decode(errors="replace").strip()
        return output if COMMIT.fullmatch(output) else None


def checked(commit: str) -> str:
    """The commit's full hash as it is; PodshiftError for what is none."""
    if COMMIT.fullmatch(commit):
        return commit
    raise PodshiftError(f"{printable(commit)!r} is no commit's full hash")


def create_repository(path: Path, branch: str, object_format: str = "sha1") -> Repository:
    """Makes the bare repository that an app is pushed to, its HEAD at the branch; the caller adds the hooks.

    Doing it again changes nothing. Raises PodshiftError for a name that no branch can have.
    """
    path.mkdir(parents=True, exist_ok=True)
    repository = Repository(path)
    misread = branch.startswith("-") or printable(branch) != branch  # by git, or by people
    if misread or repository.run("check-ref-format", f"refs/heads/{branch}")[0]:
        raise PodshiftError(f"{printable(branch)!r} is no branch name", hint="main is the usual one")
    kind = f"--object-format={object_format}"
    repository.read("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", kind)
    for name, value in _SETTINGS.items():
        repository.read("config", name, value)
    return repository
