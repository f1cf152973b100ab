"""Submodules from a machine elsewhere, over a real sshd: private ones, relative ones, and a host that is another."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import App, Checkout
from server.githost import GitHost, git_host

USE = "FROM localhost/podshift-python\nWORKDIR /app\nCOPY . .\nRUN cp lib/version.txt .\nCMD python3 app.py\n"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitHost]:
    with git_host(tmp_path / "elsewhere") as host:
        yield host


class Library:
    """A private repository on that host."""

    def __init__(self, host: GitHost, folder: Path) -> None:
        self.checkout, self.bare = Checkout(folder), host.repositories / "lib.git"
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.bare)], check=True, timeout=60)

    def version(self, text: str) -> str:
        commit = self.checkout.commit(text, version_txt=f"{text}\n")
        self.checkout.git("push", "--quiet", str(self.bare), "HEAD:refs/heads/main")
        return commit


def pin(checkout: Checkout, commit: str, url: str) -> None:
    """What `git submodule add` makes, without fetching it."""
    (checkout.folder / "Containerfile").write_text(USE)
    (checkout.folder / ".gitmodules").write_text(f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n')
    checkout.git("add", "--all")
    checkout.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib")
    checkout.git("commit", "--quiet", "--message=Pin the library")


def test_a_private_submodule(app: App, checkout: Checkout, host: GitHost, tmp_path: Path) -> None:
    library = Library(host, tmp_path / "library")
    pin(checkout, library.version("one"), host.url("lib.git"))

    pushed = checkout.push(app)
    assert f"{host.url('lib.git')} is this machine itself, which is not asked at a repository's request" in pushed.said
    assert "podshift origin APP URL" in pushed.said
    assert app.states() == ["failed"]

    app.server.podshift("origin", app.name, host.url("shop.git"))  # who has the server may say so
    pushed = checkout.push(app)
    assert f"could not be fetched from {host.url('lib.git')}" in pushed.said
    assert "Permission denied (publickey)" in pushed.said
    assert f"hint: podshift deploy-key {app.name} prints the app's key" in pushed.said
    assert app.states() == ["failed", "failed"]

    key = app.server.podshift("deploy-key", app.name).stdout
    assert key.startswith("ssh-ed25519 ")
    assert app.server.podshift("deploy-key", app.name).stdout == key
    host.let_in(key)
    assert "is live" in checkout.push(app).said
    assert app.get() == (200, "hello from one\n")
    leaves_no_trace(app)

    host.let_in()  # what was fetched is kept; and a relative URL needs to know where it starts
    pin(checkout, library.version("two"), "../lib.git")
    app.server.podshift("origin", app.name, "--forget")
    pushed = checkout.push(app)
    assert "has the relative URL ../lib.git, and the server does not know where the repository came from" in pushed.said
    assert f"hint: podshift origin {app.name} URL" in pushed.said
    app.server.podshift("origin", app.name, host.url("shop.git"))
    assert "Permission denied" in checkout.push(app).said

    other = app.server.podshift("deploy-key", app.name, "--new").stdout
    assert other != key
    host.let_in(other)
    host.start("another_host_key")
    pushed = checkout.push(app)
    assert "Host key verification failed" in pushed.said
    assert f"ssh-keygen -f {app.server.home / 'known_hosts'} -R" in pushed.said
    host.start("host_key")
    assert "is live" in checkout.push(app).said
    assert app.get() == (200, "hello from two\n")

    host.stop()
    checkout.git("commit", "--quiet", "--allow-empty", "--message=Again")
    assert "is live" in checkout.push(app).said


def leaves_no_trace(app: App) -> None:
    """The private half is in the database, and nowhere else."""
    home = app.server.home
    files = [path for path in home.rglob("*") if path.is_file() and not path.name.startswith("podshift.db")]
    assert files
    assert [path for path in files if b"PRIVATE KEY" in path.read_bytes()] == []
    assert (home / "podshift.db").stat().st_mode & 0o777 == 0o600
