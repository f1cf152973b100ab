"""A commit's tree as files."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
from test_source import commit, git, start_project

from podshift.errors import PodshiftError
from podshift.source import Repository, export


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return start_project(tmp_path / "project")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir(mode=0o700)
    return tmp_path / "tree"


def test_names_and_modes_and_links_are_kept(tmp_path: Path, project: Path, tree: Path) -> None:
    names = ["a\nb", "-rf", "--help", "ünïcødé", "with space", 'quo"te', "deep/er/file", ".hidden", "back\\s"]
    commit(project, {name: name for name in names})
    (project / "run").write_text("#!/bin/sh\n")
    (project / "run").chmod(0o755)
    (project / "out").symlink_to("/etc/passwd")
    (project / "up").symlink_to("..")
    (project / os.fsdecode(b"caf\xe9")).write_bytes(b"\0\xff")
    new = commit(project, {})
    before = os.umask(0o077)
    try:
        export(Repository(project / ".git"), new, tree)
    finally:
        os.umask(before)
    assert {name: (tree / name).read_text() for name in names} == {name: name for name in names}
    assert (tree / os.fsdecode(b"caf\xe9")).read_bytes() == b"\0\xff"
    assert (tree / "out").readlink() == Path("/etc/passwd")
    assert (tree / "up").readlink() == Path("..")
    assert (tree / "run").stat().st_mode & 0o777 == 0o755
    assert (tree / "-rf").stat().st_mode & 0o777 == 0o644
    assert (tree / "deep").stat().st_mode & 0o777 == 0o755
    assert not (tree / ".git").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "tree"]


def test_a_sha256_repository(tmp_path: Path, tree: Path) -> None:
    project = start_project(tmp_path / "long", "sha256")
    new = commit(project, {"a": "1"})
    assert len(new) == 64
    export(Repository(project / ".git"), new, tree)
    assert (tree / "a").read_text() == "1"


def test_line_ends_are_honoured_and_export_ignore_is_not(project: Path, tree: Path) -> None:
    new = commit(project, {".gitattributes": "*.bat eol=crlf\ndocs export-ignore\n", "x.bat": "a\n", "docs/d": ""})
    export(Repository(project / ".git"), new, tree)
    assert (tree / "x.bat").read_bytes() == b"a\r\n"
    assert (tree / "docs/d").exists()


def test_no_filter_or_hook_runs(tmp_path: Path, project: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap, home = tmp_path / "trap", tmp_path / "home"
    hook = home / "hooks" / "post-checkout"
    hook.parent.mkdir(parents=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        hook.with_name(name).write_text(f"#!/bin/sh\ntouch {trap}\n")
        hook.with_name(name).chmod(0o755)
    smudge = f'[filter "lfs"]\nsmudge = touch {trap}; cat\nrequired\n'
    (home / ".gitconfig").write_text(f"{smudge}[core]\nhooksPath = {hook.parent}\n")
    new = commit(project, {".gitattributes": "* filter=lfs\n", "big": "pointer"})
    monkeypatch.setenv("HOME", str(home))
    export(Repository(project / ".git"), new, tree)
    assert (tree / "big").read_text() == "pointer"
    assert not trap.exists()


def commit_raw(project: Path, *entries: tuple[str, str, str]) -> str:
    """A commit of a tree that git itself would not make, of (mode, name, hash)."""
    raw = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries)
    (project / "raw").write_bytes(raw)
    tree = git(project, "hash-object", "-t", "tree", "-w", "--literally", "raw")
    return git(project, "commit-tree", "-m", "Crafted", tree)


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", ".g\u200cit", "..", ".gitmodules"])
def test_a_tree_that_would_write_into_git_is_refused(project: Path, tree: Path, name: str) -> None:
    (project / "link").symlink_to("config")
    commit(project, {"inner/config": "[alias]\n"})
    inner, link = git(project, "rev-parse", "HEAD:inner"), git(project, "rev-parse", "HEAD:link")
    entry = ("120000", name, link) if name == ".gitmodules" else ("40000", name, inner)
    with pytest.raises(PodshiftError, match="read-tree failed") as raised:
        export(Repository(project / ".git"), commit_raw(project, entry), tree)
    assert "invalid path" in "".join(raised.value.details)
    assert not list(tree.iterdir())


def test_nothing_is_written_through_a_pushed_link(tmp_path: Path, project: Path, tree: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "link").symlink_to(outside)
    commit(project, {"inner/x": "1"})
    inner, link = git(project, "rev-parse", "HEAD:inner"), git(project, "rev-parse", "HEAD:link")
    crafted = commit_raw(project, ("120000", "a", link), ("40000", "a", inner))
    with suppress(PodshiftError):  # a newer git may refuse it
        export(Repository(project / ".git"), crafted, tree)
    assert not list(outside.iterdir())


def test_five_thousand_files(project: Path, tree: Path) -> None:
    new = commit(project, {f"d{number % 50}/f{number}": str(number) for number in range(5000)})
    started = time.monotonic()
    export(Repository(project / ".git"), new, tree)
    print(f"5,000 files exported in {time.monotonic() - started:.2f} s")
    assert sum(len(names) for _, _, names in os.walk(tree)) == 5000
