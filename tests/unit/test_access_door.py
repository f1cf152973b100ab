"""What sshd starts, asked with a line: who it is, and what becomes of a push, up to git."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from podshift.access.__main__ import find_key, main
from podshift.access.commandline import GitRequest
from podshift.access.git import serve
from podshift.errors import PodshiftError, said_of
from podshift.records import Key, NewApp, Records
from podshift.settings import Home, Settings, save_settings
from server.hostile import HOSTILE

ADA = Key("ada", "ssh-ed25519", "AAAAada", "SHA256:a", admin=True, creates=False, added=1)
BOB = Key("bob", "ssh-ed25519", "AAAAbob", "SHA256:b", admin=False, creates=False, added=2, apps=("hello",))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    with closing(Records(home.database)) as records:
        for number, app in enumerate(("hello", "shop")):
            records.add_app(NewApp(app), backend=number, subnet="10.89.1.0/24")
        for key in (ADA, BOB):
            records.keep_key(key)
    home.repository("hello").mkdir(parents=True)
    return home


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


class BecameGit(BaseException):
    """Instead of being replaced by git."""


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments with which git was started."""
    started: list[str] = []

    def become(_: str, arguments: list[str]) -> None:
        started.extend(arguments)
        raise BecameGit

    monkeypatch.setattr(os, "execvp", become)
    return started


def test_who_has_the_key(home: Home, tmp_path: Path) -> None:
    assert find_key(home, "SHA256:b") == BOB
    with pytest.raises(PodshiftError, match="may come in no more"):
        find_key(home, "SHA256:gone")
    with pytest.raises(PodshiftError, match="no installation"):
        find_key(Home(tmp_path / "gone"), "SHA256:b")
    assert not (tmp_path / "gone").exists()


def test_a_push_becomes_git_s_own(home: Home, git: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "git-receive-pack 'hello'")
    monkeypatch.setenv("PODSHIFT_KEY", "root")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    with pytest.raises(BecameGit):
        main(home, "SHA256:b")
    assert git == ["git", "receive-pack", str(home.repository("hello"))]
    assert (os.environ["PODSHIFT_KEY"], os.environ["PODSHIFT_HOME"]) == ("bob", str(home.path))
    assert "GIT_DIR" not in os.environ


def test_a_bug_is_no_traceback_for_the_client(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "git-receive-pack hello")
    monkeypatch.setattr("podshift.access.git.serve", broken)
    assert main(home, "SHA256:b") == 3
    said = capsys.readouterr().err
    assert said.startswith("error: this is a bug of podshift: RuntimeError\nhint: the whole story is in ")
    assert "RuntimeError: broken" in Path(said.split()[-1]).read_text()
    assert Path(said.split()[-1]).stat().st_mode & 0o077 == 0


def test_a_bug_does_not_show_what_it_was_about(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The story of what led to it is kept too, and written even where its words are no UTF-8."""

    def broken(*_: object) -> None:
        try:
            "hunter2-\udce4".encode()
        except UnicodeEncodeError as error:
            raise RuntimeError("while writing \udce4") from error

    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "git-receive-pack hello")
    monkeypatch.setattr("podshift.access.git.serve", broken)
    assert main(home, "SHA256:b") == 3
    said = capsys.readouterr().err
    story = Path(said.split()[-1]).read_text()
    assert "RuntimeError: while writing \\udce4\n" in story
    assert "\nUnicodeEncodeError\n" in story
    assert "codec" not in said + story


def test_what_the_records_get_of_a_bug_is_its_kind(home: Home) -> None:
    assert (
        said_of(UnicodeEncodeError("utf-8", "hunter2-\udce4", 8, 9, "surrogates not allowed")) == "UnicodeEncodeError"
    )
    assert said_of(PodshiftError("the server is full")) == "the server is full"


def test_what_the_key_may_not_is_said(
    home: Home, git: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("shop", "not-there"):
        monkeypatch.setenv("SSH_ORIGINAL_COMMAND", f"git-receive-pack {name}")
        assert main(home, "SHA256:b") == 1
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", f"error: bob may not use '{name}'\nhint: bob may use: hello\n")
    assert git == []


@pytest.mark.parametrize("what", ["link", "file", "nothing"])
def test_a_repository_that_is_elsewhere_is_not_followed(home: Home, git: list[str], tmp_path: Path, what: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    place = home.repository("shop")
    if what == "link":
        place.symlink_to(tmp_path / "elsewhere")
    elif what == "file":
        place.touch()
    for service in ("receive-pack", "upload-pack"):
        with pytest.raises(PodshiftError, match="the repository of shop is not there"):
            serve(home, ADA, GitRequest(service, "shop"))
    assert git == []


@pytest.mark.parametrize("line", HOSTILE)
def test_a_hostile_line_ends_with_an_error(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    save_settings(home, Settings())
    mark = home.path / "mark"
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", line.format(mark=mark, home=home.path))
    before = sorted(home.path.rglob("*"))
    assert main(home, "SHA256:a") in (1, 2)
    said = capsys.readouterr()
    assert said.out == ""
    assert "rror: " in said.err
    assert "bug of podshift" not in said.err
    assert "\x1b" not in said.err.replace("\x1b[31merror\x1b[0m", "").replace("\x1b[33mhint\x1b[0m", "")
    assert sorted(path for path in home.path.rglob("*") if "podshift.db-" not in path.name) == before


def test_only_a_push_makes_an_app(home: Home, git: list[str]) -> None:
    with pytest.raises(PodshiftError, match="there is no app 'new'") as caught:
        serve(home, ADA, GitRequest("upload-pack", "new"))
    assert caught.value.hint == "the first push makes it"
    assert git == []
