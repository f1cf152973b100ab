"""authorized_keys as a file: made private, replaced whole, one writer at a time, refused where it is not one's own."""

import os
import stat
import threading
from pathlib import Path

import pytest

from podshift.deploy.keys import file
from podshift.errors import PodshiftError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return file.authorized_keys()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_made_for_this_user_alone(path: Path) -> None:
    file.edit(path, lambda text: text + b"key\n")
    assert (mode(path.parent), mode(path), path.read_bytes()) == (0o700, 0o600, b"key\n")
    assert [one.name for one in path.parent.iterdir()] == ["authorized_keys"]


def test_nothing_is_made_where_nothing_changes(path: Path) -> None:
    file.edit(path, lambda text: text)
    assert not path.parent.exists()
    assert file.read(path) == b""


def test_one_that_is_there_keeps_its_mode(path: Path) -> None:
    path.parent.mkdir(mode=0o750)
    path.write_bytes(b"\xff no newline")
    path.chmod(0o644)
    file.edit(path, lambda text: text + b"\nkey\n")
    assert (mode(path.parent), mode(path), path.read_bytes()) == (0o750, 0o644, b"\xff no newline\nkey\n")


def test_one_that_would_be_empty_goes(path: Path) -> None:
    file.edit(path, lambda _: b"key\n")
    file.edit(path, lambda _: b"")
    assert not path.exists()


def test_what_fails_leaves_the_earlier_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.edit(path, lambda _: b"key\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PodshiftError, match="No space left"):
        file.edit(path, lambda _: b"other\n")
    assert path.read_bytes() == b"key\n"
    assert [one.name for one in path.parent.iterdir()] == ["authorized_keys"]


def test_many_writers_lose_nothing(path: Path) -> None:
    def add(number: int) -> None:
        file.edit(path, lambda text: text + f"{number}\n".encode())

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, path.read_text().split())) == list(range(20))


@pytest.mark.parametrize("target", ["kept", "missing"])
def test_a_symbolic_link_is_refused(path: Path, tmp_path: Path, target: str) -> None:
    path.parent.mkdir()
    (tmp_path / "kept").write_text("kept\n")
    path.symlink_to(tmp_path / target)
    with pytest.raises(PodshiftError, match="symbolic link"):
        file.edit(path, lambda text: text + b"key\n")
    assert (tmp_path / "kept").read_text() == "kept\n"
    assert not (tmp_path / "missing").exists()


def test_a_folder_that_is_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PodshiftError, match="symbolic link"):
        file.edit(path, lambda text: text + b"key\n")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_no_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(PodshiftError, match="is no file"):
        file.read(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("whose", ["file", "folder"])
def test_another_user_s_is_refused(path: Path, whose: str) -> None:
    path.parent.mkdir()
    path.write_text("theirs\n")
    os.chown(path if whose == "file" else path.parent, 12345, 12345)
    with pytest.raises(PodshiftError, match="another user"):
        file.edit(path, lambda text: text + b"key\n")
    assert path.read_text() == "theirs\n"


def test_what_sshd_would_not_trust(path: Path) -> None:
    file.edit(path, lambda _: b"key\n")
    assert file.too_open(path) == []
    path.chmod(0o660)
    path.parent.parent.chmod(0o777)
    assert file.too_open(path) == [path, path.parent.parent]
