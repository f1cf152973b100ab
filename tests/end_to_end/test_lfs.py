"""Git LFS: never built as pointers."""

from pathlib import Path

import pytest

from server import App, Checkout
from server.githost import git_host
from server.lfs import TOKEN, lfs_server

RULES = "version.txt filter=lfs diff=lfs merge=lfs -text\n"


def test_a_push_with_lfs_files(app: App, checkout: Checkout) -> None:
    with lfs_server() as lfs:
        (checkout.folder / ".gitattributes").write_text(RULES)
        commit = checkout.commit("Large", version_txt=lfs.put(b"large\n"))
        pushed = checkout.push(app)
        assert (
            "error: version.txt is a Git LFS pointer, and the server does not know where the files are" in pushed.said
        )
        assert f"hint: podshift origin {app.name} URL" in pushed.said
        assert "STEP" not in pushed.text
        assert app.states() == ["failed"]

        assert lfs.origin in app.server.podshift("origin", app.name, lfs.origin).stdout
        assert "is live" in checkout.push(app).said  # the branch went back: the same push again
        assert app.get() == (200, "hello from large\n")
        assert app.status()["commit"] == commit
    checkout.commit("Something else", other_txt="x")  # what was fetched is still here
    assert "1 Git LFS file put in place" in checkout.push(app).said
    assert app.get() == (200, "hello from large\n")


@pytest.mark.matrix
def test_lfs_files_of_a_private_repository_over_ssh(app: App, checkout: Checkout, tmp_path: Path) -> None:
    with git_host(tmp_path / "elsewhere") as host, lfs_server() as lfs:
        lfs.wants = TOKEN
        (checkout.folder / ".gitattributes").write_text(RULES)
        checkout.commit("Large", version_txt=lfs.put(b"large, over ssh\n"))
        app.server.podshift("origin", app.name, host.url("shop.git"))
        host.let_in(app.server.podshift("deploy-key", app.name).stdout)

        said = checkout.push(app).said
        assert f"{host.url('shop.git')} does not say where they are" in said
        assert "git-lfs-authenticate" in said  # what its shell answers
        assert "not found" in said
        asked = tmp_path / "asked"
        host.command("git-lfs-authenticate", f'echo "$@" >{asked}\n{lfs.authenticate()}')
        host.let_in()
        said = checkout.push(app).said
        assert "Permission denied (publickey)" in said
        assert f"hint: podshift deploy-key {app.name} prints the app's key" in said
        assert lfs.asked == []

        host.let_in(app.server.podshift("deploy-key", app.name).stdout)
        assert "1 Git LFS file put in place" in checkout.push(app).said
        assert app.get() == (200, "hello from large, over ssh\n")
        assert asked.read_text() == f"{host.repositories / 'shop.git'} download\n"  # as git-lfs 3.3 asks
        assert TOKEN not in app.server.podshift("output", app.name).stdout
