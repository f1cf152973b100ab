"""Commits that are small as a pack and without an end as a tree."""

import subprocess
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.source import Repository, check_bounds, create_repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return create_repository(tmp_path / "hello.git", "main")


def written(repository: Repository, *command: str, text: str = "") -> str:
    done = subprocess.run(
        ["git", *command], cwd=repository.path, input=text, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "A",
             "GIT_COMMITTER_EMAIL": "a"},
    )  # fmt: skip
    return done.stdout.strip()


def tree(repository: Repository, levels: int, names: int) -> str:
    """The commit of a tree in which every folder has the same folder so many times."""
    blob = written(repository, "hash-object", "-w", "--stdin", text="x")
    last = written(repository, "mktree", text=f"100644 blob {blob}\tfile\n")
    for _ in range(levels):
        last = written(repository, "mktree", text="".join(f"040000 tree {last}\t{name}\n" for name in range(names)))
    return written(repository, "commit-tree", last, "-m", "x")


def test_an_ordinary_commit_is_fine(repository: Repository) -> None:
    check_bounds(repository, tree(repository, 3, 10))


def test_a_tree_without_an_end_is_not_read_to_it(repository: Repository) -> None:
    with pytest.raises(PodshiftError, match="more than 200,000 files and folders"):
        check_bounds(repository, tree(repository, 10, 10))


def test_folders_in_folders_have_an_end(repository: Repository) -> None:
    check_bounds(repository, tree(repository, 100, 1))
    with pytest.raises(PodshiftError, match="more than 100 deep"):
        check_bounds(repository, tree(repository, 130, 1))


def test_all_files_together_are_not_too_many_bytes(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podshift.source.bounds.MOST_BYTES", 999)
    check_bounds(repository, tree(repository, 1, 999))
    with pytest.raises(PodshiftError, match="are more than"):
        check_bounds(repository, tree(repository, 1, 1000))
