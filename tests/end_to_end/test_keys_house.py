"""Keys go with their installation: into its backup, out of a destroyed app's list, away with uninstall."""

import getpass
import os
import subprocess
from pathlib import Path

import pytest

from podshift.deploy.keys.block import with_keys
from podshift.records import Key
from podshift.settings import Home
from server.installation import Server, created, installed

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="another HOME would be another engine to an ordinary user")


def public(folder: Path, name: str) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    return (folder / f"{name}.pub").read_text()


@pytest.mark.matrix
def test_keys_are_kept_by_a_backup_and_leave_with_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account has a plain key, and another installation with a block of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / ".ssh" / "authorized_keys"
    ada, bob = public(tmp_path, "ada"), public(tmp_path, "bob")
    theirs = Key("bob", "ssh-ed25519", bob.split()[1], "SHA256:b", admin=True, creates=False, added=0)
    before = with_keys(b"ssh-ed25519 AAAA operator", Home(tmp_path / "other"), [theirs])
    file.parent.mkdir(mode=0o700)
    file.write_bytes(before)
    with installed(tmp_path / "one") as one:
        assert "leads to another installation" in add(one, "bob", bob, "--admin").stderr
        assert "there is no app 'not-there'" in add(one, "ada", ada, "--apps", "not-there").stderr
        assert one.json("keys", "list") == []
        assert file.read_bytes() == before
        with created(one) as app:
            assert add(one, "ada", ada, "--apps", app.name).returncode == 0
            assert one.json("keys", "list")[0]["apps"] == [app.name]
            one.podshift("backup", str(tmp_path / "backup"))
        assert one.json("keys", "list")[0]["apps"] == []
        shown = one.podshift("create", app.name).stdout
        assert f"git remote add production {getpass.getuser()}@{os.uname().nodename}:{app.name}\n" in shown
        block = file.read_bytes()
        assert block.startswith(before)
    assert file.read_bytes() == before
    new = Server(tmp_path / "new", one.port)
    try:
        new.podshift("restore", str(tmp_path / "backup"))
        assert [(key["name"], key["apps"]) for key in new.json("keys", "list")] == [("ada", [app.name])]
        assert file.read_bytes() == block.replace(str(one.home).encode(), str(new.home).encode())
    finally:
        new.podshift("uninstall", "--yes", check=False)
    assert file.read_bytes() == before


def add(server: Server, name: str, key: str, *rights: str) -> subprocess.CompletedProcess[str]:
    return server.podshift("keys", "add", name, *rights, check=False, input=key)
