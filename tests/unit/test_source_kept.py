"""The kept checkout: as good as a fresh one, whatever happened to it meanwhile."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from test_source import commit, start_project

from podshift.errors import PodshiftError
from podshift.source import Outside, Repository, export, kept_tree
from podshift.source.kept import last_used, throw_away

FIRST = {"a": "1", "deep/er/b": "1", "gone/c": "1", "run": "#!/bin/sh\n", "x.bat": "one\ntwo\n"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return start_project(tmp_path / "project")


class Kept:
    """A project, and the folder in which its checkout is kept."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project, self.folder = project, folder
        self.repository = Repository(project / ".git")

    def use(self, new: str, meddle: Callable[[Path], object] = lambda tree: None) -> None:
        """One deploy: the tree is as a fresh export, whatever the build then does to it."""
        with kept_tree(self.repository, new, self.folder, Outside()) as tree:
            fresh = self.folder.parent / f"fresh-{new}"
            fresh.mkdir(exist_ok=True)
            fresh.chmod(0o755)
            export(self.repository, new, fresh)
            assert looks(tree) == looks(fresh)
            shutil.rmtree(fresh)
            meddle(tree)


@pytest.fixture
def kept(project: Path, tmp_path: Path) -> Kept:
    return Kept(project, tmp_path / "kept")


def looks(tree: Path) -> dict[str, tuple[int, bytes | str]]:
    """Mode and content of everything."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in (tree, *tree.rglob("*")):
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found[str(path.relative_to(tree))] = (path.lstat().st_mode, content)
    return found


def written(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ctime_ns for path in (folder / "tree").rglob("*") if path.is_file()}


def test_only_what_a_commit_changes_is_written(kept: Kept) -> None:
    kept.use(commit(kept.project, FIRST))
    before = written(kept.folder)
    (kept.project / "gone/c").unlink()
    kept.use(commit(kept.project, {"a": "2", "new/d": "1"}))
    after = written(kept.folder)
    assert {name for name in before if after.get(name) == before[name]} == {"b", "run", "x.bat"}
    assert sorted(path.name for path in kept.folder.iterdir()) == ["good", "index", "tree"]


def test_files_become_folders_and_links_and_back(kept: Kept) -> None:
    first = commit(kept.project, FIRST)
    kept.use(first)
    shutil.rmtree(kept.project / "deep")
    (kept.project / "a").unlink()
    (kept.project / "a").mkdir()
    (kept.project / "deep").symlink_to("/etc")
    (kept.project / "run").chmod(0o755)
    second = commit(kept.project, {"a/file": "1"})
    kept.use(second)
    kept.use(first)
    kept.use(second)


def same_size(tree: Path) -> None:
    """As long, and of the same times as before."""
    facts = (tree / "a").stat()
    (tree / "a").write_text("X")
    os.utime(tree / "a", ns=(facts.st_atime_ns, facts.st_mtime_ns))


def put_link(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("/etc")


MEDDLING: dict[str, Callable[[Path], object]] = {
    "changed": lambda tree: (tree / "a").write_text("other"),
    "changed-unseen": same_size,
    "removed": lambda tree: (tree / "deep/er/b").unlink(),
    "removed-folder": lambda tree: shutil.rmtree(tree / "deep"),
    "added": lambda tree: (tree / "deep/more").write_text("x"),
    "added-ignored": lambda tree: (tree / "ignored.o").write_text("x"),
    "added-folder": lambda tree: (tree / "empty").mkdir(),
    "added-folders": lambda tree: (tree / "deep/er/empty").mkdir(),
    "mode-of-file": lambda tree: (tree / "a").chmod(0o666),
    "mode-of-folder": lambda tree: (tree / "deep").chmod(0o777),
    "mode-of-top": lambda tree: tree.chmod(0o700),
    "link-to-outside": lambda tree: put_link(tree / "deep"),
    "linked-twice": lambda tree: (tree / "second").hardlink_to(tree / "a"),
    "git": lambda tree: (tree / ".git").mkdir(),
    "owner": lambda tree: os.chown(tree / "deep", 12345, 12345),
    "all-gone": shutil.rmtree,
}


@pytest.mark.parametrize("meddle", MEDDLING.values(), ids=MEDDLING)
def test_what_a_build_does_to_it_is_gone(kept: Kept, meddle: Callable[[Path], object]) -> None:
    new = commit(kept.project, {**FIRST, ".gitignore": "*.o\n"})
    kept.use(new)
    kept.use(new, meddle)
    kept.use(new)


def test_rules_of_writing_that_change(kept: Kept) -> None:
    kept.use(commit(kept.project, FIRST))
    kept.use(commit(kept.project, {".gitattributes": "*.bat eol=crlf\n"}))
    assert (kept.folder / "tree/x.bat").read_bytes() == b"one\r\ntwo\r\n"
    kept.use(commit(kept.project, {".gitattributes": "\n"}))


def test_it_is_made_anew_after_it_was_broken_off(kept: Kept) -> None:
    new = commit(kept.project, FIRST)
    kept.use(new)
    (kept.folder / "index.lock").touch()  # git was killed
    (kept.folder / "good").rename(kept.folder / "in-use")  # and so was who started it
    kept.use(new)
    assert sorted(path.name for path in kept.folder.iterdir()) == ["good", "index", "tree"]
    (kept.folder / "index").write_bytes(b"DIRC broken")
    kept.use(new)


def test_a_machine_that_was_started_anew(kept: Kept) -> None:
    new = commit(kept.project, FIRST)
    kept.use(new)
    mark = kept.folder / "good"
    mark.write_text(f"another-boot {mark.read_text().split()[1]}\n")
    (kept.folder / "index.lock").touch()  # would keep an update from going well
    kept.use(new)


def test_a_commit_that_cannot_be_checked_out_leaves_nothing(kept: Kept) -> None:
    kept.use(commit(kept.project, FIRST))
    with suppress(PodshiftError), kept_tree(kept.repository, "1" * 40, kept.folder, Outside()):
        pytest.fail("there is no such commit")
    assert not kept.folder.exists()
    kept.use(commit(kept.project, {"a": "3"}))


def test_a_build_that_fails_does_not_cost_the_checkout(kept: Kept) -> None:
    new = commit(kept.project, FIRST)
    with suppress(ZeroDivisionError), kept_tree(kept.repository, new, kept.folder, Outside()):
        _ = 1 / 0
    before = written(kept.folder)
    kept.use(new)
    assert written(kept.folder) == before


def test_one_that_nobody_uses_any_more(kept: Kept) -> None:
    """What `podshift prune` looks at, and does."""
    assert last_used(kept.folder) is None
    kept.use(commit(kept.project, FIRST))
    assert last_used(kept.folder) == pytest.approx((kept.folder / "good").stat().st_mtime)
    throw_away(kept.folder)
    assert not kept.folder.exists()
