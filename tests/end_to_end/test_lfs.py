"""Git LFS: never built as pointers."""

from server import App, Checkout
from server.lfs import lfs_server


def test_a_push_with_lfs_files(app: App, checkout: Checkout) -> None:
    with lfs_server() as lfs:
        (checkout.folder / ".gitattributes").write_text("version.txt filter=lfs diff=lfs merge=lfs -text\n")
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
