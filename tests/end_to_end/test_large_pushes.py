"""What a push may bring has a bound, and the pusher reads which."""

import os

from server import App, Checkout


def test_a_push_that_is_too_large_is_refused_with_what_to_do(app: App, checkout: Checkout) -> None:
    settings = app.server.home / "settings.toml"
    before = settings.read_text()
    try:
        settings.write_text(before.replace("max_push_mb = 1024", "max_push_mb = 1"))
        (checkout.folder / "large").write_bytes(os.urandom(1_500_000))
        checkout.commit("Large")
        pushed = checkout.push(app)
        assert pushed.code != 0
        assert "error: this push brings 1.4 MB, and 1 MB are the most" in pushed.said
        assert "hint: take large files out of the commits" in pushed.said
        assert app.releases() == []
        pushed = checkout.push(app, refs=("main:topic", "main:refs/tags/v1"))
        assert "error: this push brings 1.4 MB, and 1 MB are the most" in pushed.said
        assert checkout.git("ls-remote", app.remote) == ""
        app.server.podshift("up", app.name)  # gives the bound to the repositories that are there
        (checkout.folder / "large").write_bytes(os.urandom(2_500_000))
        checkout.commit("Larger")
        pushed = checkout.push(app)
        assert "pack exceeds maximum allowed size" in pushed.said
        (checkout.folder / "large").unlink()
        checkout.git("reset", "--soft", "HEAD~2")
        checkout.commit("Small")
        assert checkout.push(app).code == 0
        assert app.get()[0] == 200
    finally:
        settings.write_text(before)
        app.server.podshift("init", "--listen", app.server.settings["listen"])  # and so does init
        assert checkout.git("--git-dir", str(app.repository), "config", "receive.maxInputSize") == "2048m"
