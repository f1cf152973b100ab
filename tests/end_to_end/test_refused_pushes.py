"""Pushes that cannot become a release: refused before anything happens, with all that is wrong at once."""

from pathlib import Path

import pytest

from server import App, Checkout, Pushed
from server.traces import NOTHING, of_release, traces

SEVERAL_ERRORS = """
[web]
port = "http"
replicas = 0
colour = "blue"
ready = { timeout = "soon" }

[wbe]
"""


def assert_refused(app: App, pushed: Pushed) -> None:
    """By git itself, and nobody can tell on the server that it was tried."""
    assert pushed.code != 0
    assert "[remote rejected]" in pushed.said
    assert "(pre-receive hook declined)" in pushed.said
    assert app.releases() == []
    assert traces(app) == NOTHING


def test_every_error_of_podshift_toml_is_told_at_once(app: App, checkout: Checkout) -> None:
    checkout.commit("Several errors", podshift_toml=SEVERAL_ERRORS)
    pushed = checkout.push(app)
    assert_refused(app, pushed)
    for key in ("web.port", "web.replicas", "web.colour", "web.ready.timeout", "wbe"):
        assert f" {key}" in pushed.said
    assert pushed.said.count("error:") == 2  # one of ours, one of the git client's own


def test_a_podshift_toml_that_is_no_toml(app: App, checkout: Checkout) -> None:
    checkout.commit("No TOML", podshift_toml="[web\n")
    pushed = checkout.push(app)
    assert_refused(app, pushed)
    assert "error: podshift.toml" in pushed.said
    assert "line 1" in pushed.said


def test_a_commit_without_a_containerfile(app: App, checkout: Checkout) -> None:
    (checkout.folder / "Containerfile").unlink()
    commit = checkout.commit("No Containerfile")
    pushed = checkout.push(app)
    assert_refused(app, pushed)
    assert f"error: there is no Containerfile or Dockerfile in commit {commit[:7]}" in pushed.said
    assert "hint: add one, commit it, and push again" in pushed.said


def test_a_containerfile_that_podshift_toml_names_wrongly(app: App, checkout: Checkout) -> None:
    checkout.commit("Wrong name", podshift_toml='[build]\ncontainerfile = "deploy/Containerfile"\n')
    pushed = checkout.push(app)
    assert_refused(app, pushed)
    assert "error: there is no deploy/Containerfile in commit" in pushed.said


def test_unknown_push_options(app: App, checkout: Checkout) -> None:
    pushed = checkout.push(app, "-o", "gate", "-o", "nocache", "-o", "\x1b[2Jx")
    assert_refused(app, pushed)
    assert r"error: unknown push option 'nocache', '\x1b[2Jx'" in pushed.said
    assert "hint: known: gate" in pushed.said
    assert "\x1b[2J" not in pushed.text


def clone_of(checkout: Checkout, folder: Path) -> Checkout:
    """What `git clone --depth 1` gives, as a checkout."""
    checkout.git("clone", "--quiet", "--depth=1", f"file://{checkout.folder}", str(folder))
    clone = Checkout.__new__(Checkout)
    clone.folder = folder
    return clone


@pytest.mark.parametrize("options", [(), ("-o", "gate")], ids=["plain", "gate"])
def test_a_shallow_clone_that_lacks_what_the_server_lacks(
    app: App, checkout: Checkout, tmp_path: Path, options: tuple[str, ...]
) -> None:
    checkout.version("v2")
    shallow = clone_of(checkout, tmp_path / "shallow")
    ends_at = shallow.git("rev-parse", "HEAD")
    shallow.version("v3")
    for refs in (("main",), ("main:topic",), ("main", "HEAD:refs/tags/v3")):
        pushed = shallow.push(app, *options, refs=refs)
        assert_refused(app, pushed)
        assert f"error: this is a push from a shallow clone: its history ends at {ends_at[:7]}" in pushed.said
        assert "hint: git fetch --unshallow, and push again" in pushed.said
    shallow.git("fetch", "--quiet", "--unshallow")
    assert "is live" in shallow.push(app, *options).said
    assert not (app.repository / "shallow").exists()


def test_a_shallow_clone_of_what_the_server_has(app: App, checkout: Checkout, tmp_path: Path) -> None:
    checkout.version("v2")
    checkout.push(app)
    shallow = clone_of(checkout, tmp_path / "shallow")
    shallow.version("v3")
    pushed = shallow.push(app)
    assert "is live" in pushed.said
    assert app.get() == (200, "hello from v3\n")
    assert not (app.repository / "shallow").exists()


def test_a_shallow_history_forced_over_the_servers(app: App, checkout: Checkout, tmp_path: Path) -> None:
    """The server has the commit before, and would forget it: git marks what comes as the end of the history."""
    live = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    checkout.version("v2")
    pushed = clone_of(checkout, tmp_path / "shallow").push(app, "--force")
    assert pushed.code != 0
    assert "this is a push from a shallow clone" in pushed.said
    assert checkout.git("ls-remote", app.remote, "refs/heads/main").split()[0] == live
    assert app.states() == ["live"]
    assert traces(app).containers == of_release(app, 1).containers
