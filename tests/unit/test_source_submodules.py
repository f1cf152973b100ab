"""Submodules: fetched over HTTP and git's own protocol from a server on loopback."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import test_source_bounds
from test_source import commit, git, push, start_project

from podshift.errors import PodshiftError
from podshift.source import Outside, Repository, create_repository, export, fetch, submodules


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir(mode=0o700)
    return tmp_path / "tree"


def outside(trusted: str, **more: object) -> Outside:
    """Of an app whose operator named this machine: no other would be asked on loopback."""
    return Outside(trusted=f"{trusted}/team/shop.git", **more)  # type: ignore[arg-type]


def link(project: Path, path: str, oid: str, url: str | None, more: str = "") -> str:
    """A commit of the project with a submodule, made without fetching it."""
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{oid},{path}")
    if url is not None:
        with (project / ".gitmodules").open("a") as file:
            file.write(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n{more}')
        git(project, "add", ".gitmodules")
    git(project, "commit", "-q", "-m", "Include")
    return git(project, "rev-parse", "HEAD")


def publish(project: Path, served: Path) -> None:
    repository = create_repository(served / f"{project.name}.git", "main")
    push(project, repository)
    git(repository.path, "update-server-info")


def test_nested_submodules_arrive_without_git(
    tmp_path: Path, served: tuple[Path, str], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = served
    inner, middle, outer = (start_project(tmp_path / name) for name in ("inner", "middle", "outer"))
    pinned = commit(inner, {"deep.txt": "deep"})
    commit(inner, {"deep.txt": "newer, and not the one"})
    publish(inner, folder)
    commit(middle, {"middle.txt": "middle"})
    included = link(middle, "lib/in ner", pinned, f"{url}/inner.git")
    publish(middle, folder)
    commit(outer, {"outer.txt": "outer"})
    new = link(outer, "vendor/middle", included, f"{url}/middle.git")
    said: list[str] = []
    monkeypatch.setenv("GIT_DIR", str(outer / ".git"))  # as in a hook
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(outer / ".git"))
    export(Repository(outer / ".git"), new, tree, said.append, outside(url))
    assert (tree / "vendor/middle/lib/in ner/deep.txt").read_text() == "deep"
    assert (tree / "vendor/middle/middle.txt").read_text() == "middle"
    assert not [path for path in tree.rglob("*") if path.name == ".git"]
    assert said == [f"submodule vendor/middle at {included[:7]}", f"submodule lib/in ner at {pinned[:7]}"]


def test_one_commit_is_enough_where_the_server_gives_it(tmp_path: Path, tree: Path) -> None:
    inner, outer = start_project(tmp_path / "inner"), start_project(tmp_path / "outer")
    commit(inner, {"a": "0"})
    pinned = commit(inner, {"a": "1"})
    commit(inner, {"a": "2"})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = (
        f"--port={port}",
        "--listen=127.0.0.1",
        "--export-all",
        "--reuseaddr",
        f"--base-path={tmp_path}",
    )
    daemon = subprocess.Popen(
        ["git", "daemon", "--verbose", *options, "--informative-errors"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert daemon.stderr is not None
        assert "Ready" in daemon.stderr.readline()
        url = f"git://127.0.0.1:{port}/inner"
        new = link(outer, "inner", pinned, url)
        export(Repository(outer / ".git"), new, tree, outside=outside("git://127.0.0.1"))
        submodule = submodules.Submodule("inner", pinned, url)
        clone = fetch.fetch(submodule, tmp_path / "clone", "false", outside("git://127.0.0.1"))
        assert (clone.path / "shallow").read_text().strip() == pinned
    finally:
        daemon.terminate()
        daemon.communicate()
    assert (tree / "inner/a").read_text() == "1"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("/etc", "which is not followed"),
        ("file:///srv/secret.git", "which is not followed"),
        ("ext::sh -c touch% /tmp/x", "which is not followed"),
        ("--upload-pack=touch", "which is not followed"),
        ("-x:y", "which is not followed"),
        ("ftp://host/x", "which is not followed"),
        ("https://host/a\x1b[2Jb", "which is not followed"),
        ("../inner.git", "relative URL"),
        ("./inner.git", "relative URL"),
        ("", "has no URL"),
        (None, "has no URL"),
    ],
)
def test_urls_that_are_not_followed(tmp_path: Path, tree: Path, url: str | None, complaint: str) -> None:
    outer = start_project(tmp_path / "outer")
    new = link(outer, "inner", "1" * 40, url)
    with pytest.raises(PodshiftError, match=complaint) as raised:
        export(Repository(outer / ".git"), new, tree)
    assert "inner" in raised.value.message
    assert raised.value.hint
    assert "\x1b" not in raised.value.message


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://127.0.0.1:1/x", "is this machine itself"),
        ("https://LOCALHOST/x", "is this machine itself"),
        ("http://2130706433/x", "is this machine itself"),
        ("http://ada:secret@[::1]:1/x", "is this machine itself"),
        ("http://[::ffff:127.0.0.1]/x", "is this machine itself"),
        ("http://169.254.169.254/latest", "is this machine itself"),
        ("git://0.0.0.0/x", "is this machine itself"),
        ("git://127%2e0.0.1/x", "is this machine itself"),
        ("git://127.0.0.1%2f@git.example.com/x", "is this machine itself"),
        ("ssh://git@localhost:22/x", "is this machine itself"),
        ("git@127.0.0.1:x", "is this machine itself"),
        ("localhost:x", "is this machine itself"),
        ("git@[127.0.0.1]:x", "is this machine itself"),
        ("ssh://[git@127.0.0.1:22]/x", "cannot be told"),
        ("http://git.example.com\\\\@127.0.0.1/x", "cannot be told"),
        ("https://nobody.invalid/x", "there is no host nobody.invalid"),
    ],
)
def test_what_no_repository_may_have_us_fetch_from(tmp_path: Path, tree: Path, url: str, complaint: str) -> None:
    outer = start_project(tmp_path / "outer")
    new = link(outer, "inner", "1" * 40, url)
    with pytest.raises(PodshiftError, match=f"submodule inner at 1111111: .*{complaint}") as raised:
        export(Repository(outer / ".git"), new, tree, outside=outside("https://git.example.com"))
    assert "podshift origin" in raised.value.hint
    assert "secret" not in raised.value.message


def test_no_server_leads_elsewhere(
    tmp_path: Path, served: tuple[Path, str], tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it leads was not looked at; it may be this machine again."""

    def answer(handler: Quiet) -> None:
        handler.send_response(301)
        handler.send_header("Location", handler.path.replace("moved", "inner"))
        handler.end_headers()

    outer = start_project(tmp_path / "outer")
    monkeypatch.setattr(Quiet, "do_GET", answer)
    new = link(outer, "inner", "1" * 40, f"{served[1]}/moved.git")
    with pytest.raises(PodshiftError, match="could not be fetched") as raised:
        export(Repository(outer / ".git"), new, tree, outside=outside(served[1]))
    assert "write the URL that it leads to" in raised.value.hint


@pytest.mark.parametrize("url", ["git@host.example:team/x.git", "ssh://git@host/x", "https://host/x"])
def test_urls_that_are_followed(tmp_path: Path, url: str) -> None:
    outer = start_project(tmp_path / "outer")
    new = link(outer, "inner", "1" * 40, url)
    found = submodules.list_submodules(Repository(outer / ".git"), new, {"inner": "1" * 40}, Outside())
    assert found == [submodules.Submodule("inner", "1" * 40, url)]


def test_a_submodule_nobody_updates_stays_empty(tmp_path: Path, tree: Path) -> None:
    outer = start_project(tmp_path / "outer")
    new = link(outer, "inner", "1" * 40, "file:///x", "\tupdate = none\n")
    export(Repository(outer / ".git"), new, tree)
    assert not list((tree / "inner").iterdir())


def test_a_commit_that_the_server_lacks(tmp_path: Path, served: tuple[Path, str], tree: Path) -> None:
    folder, url = served
    inner, outer = start_project(tmp_path / "inner"), start_project(tmp_path / "outer")
    commit(inner, {"a": "1"})
    publish(inner, folder)
    new = link(outer, "inner", "1" * 40, f"{url.replace('//', '//ada:secret@')}/inner.git")
    with pytest.raises(PodshiftError, match="submodule inner at 1111111 could not be fetched") as raised:
        export(Repository(outer / ".git"), new, tree, outside=outside(url))
    assert "no such commit there" in raised.value.lines()[0]
    assert "secret" not in "\n".join(raised.value.lines())


def test_a_server_that_says_no(tmp_path: Path, served: tuple[Path, str], tree: Path) -> None:
    outer = start_project(tmp_path / "outer")
    new = link(outer, "inner", "1" * 40, f"{served[1].replace('//', '//ada:secret@')}/absent.git")
    with pytest.raises(PodshiftError) as raised:
        export(Repository(outer / ".git"), new, tree, outside=outside(served[1]))
    assert "not found" in "\n".join(raised.value.details)
    assert "secret" not in "\n".join(raised.value.lines())


def test_a_server_that_says_nothing(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "FETCH_SECONDS", 0.3)
    outer = start_project(tmp_path / "outer")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        new = link(outer, "inner", "1" * 40, f"http://127.0.0.1:{mute.getsockname()[1]}/x.git")
        with pytest.raises(PodshiftError) as raised:
            export(Repository(outer / ".git"), new, tree, outside=outside("http://127.0.0.1"))
    assert "no end after" in "\n".join(raised.value.details)


def test_submodules_without_end(tmp_path: Path, served: tuple[Path, str], tree: Path) -> None:
    folder, url = served
    project = start_project(tmp_path / "project")
    new = commit(project, {"a": "1"})
    for _ in range(10):
        new = link(project, "again", new, f"{url}/project.git")
        (project / ".gitmodules").unlink()
    publish(project, folder)
    with pytest.raises(PodshiftError, match="nested too deep"):
        export(Repository(project / ".git"), new, tree, outside=outside(url))


@pytest.mark.parametrize(
    ("levels", "names", "complaint"),
    [(130, 1, "has folders more than 100 deep"), (10, 10, "has more than 200,000 files and folders")],
)
def test_a_submodule_has_the_bounds_of_what_is_pushed(
    tmp_path: Path, served: tuple[Path, str], tree: Path, levels: int, names: int, complaint: str
) -> None:
    folder, url = served
    inner, outer = create_repository(folder / "inner.git", "main"), start_project(tmp_path / "outer")
    pinned = test_source_bounds.tree(inner, levels, names)
    git(inner.path, "update-ref", "refs/heads/main", pinned)
    git(inner.path, "update-server-info")
    new = link(outer, "lib", pinned, f"{url}/inner.git")
    with pytest.raises(PodshiftError, match=f"submodule lib at {pinned[:7]} {complaint}"):
        export(Repository(outer / ".git"), new, tree, outside=outside(url))
    assert list((tree / "lib").iterdir()) == []


def test_one_fetch_brings_no_more_than_a_push(tmp_path: Path, served: tuple[Path, str], tree: Path) -> None:
    folder, url = served
    inner, outer = start_project(tmp_path / "inner"), start_project(tmp_path / "outer")
    (inner / "large").write_bytes(os.urandom(3_000_000))
    pinned = commit(inner, {})
    publish(inner, folder)
    new = link(outer, "lib", pinned, f"{url}/inner.git")
    kept = tmp_path / "kept"
    with pytest.raises(PodshiftError, match=f"submodule lib at {pinned[:7]} brings more than 1 MB") as raised:
        export(Repository(outer / ".git"), new, tree, outside=outside(url, kept=kept, limit_mb=1))
    assert "max_push_mb" in raised.value.hint
    assert list((kept / "submodules").iterdir()) == []
    other = tree.with_name("other")
    other.mkdir()
    export(Repository(outer / ".git"), new, other, outside=outside(url, kept=kept, limit_mb=4))
    assert (other / "lib/large").stat().st_size == 3_000_000


def test_a_fetch_without_an_end_is_ended(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that would write on and on is not waited for."""
    outer = start_project(tmp_path / "outer")
    script = 'cat /dev/zero >"$GIT_DIR/objects/pack/tmp_pack_x"'
    monkeypatch.setattr(fetch, "GIT", ("sh", "-c", script))
    began = time.monotonic()
    new = link(outer, "lib", "1" * 40, "http://192.0.2.1/inner.git")
    with pytest.raises(PodshiftError, match="brings more than 1 MB"):
        export(Repository(outer / ".git"), new, tree, outside=Outside(limit_mb=1))
    assert time.monotonic() - began < 5
