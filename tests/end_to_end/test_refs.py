"""Which refs deploy: only the deploy branch, wherever it moves to, and once a push."""

from server import App, Checkout, Pushed, Server
from server.installation import created


def heads(app: App, checkout: Checkout) -> dict[str, str]:
    """The refs of the app's repository, as everybody sees them."""
    lines = checkout.git("ls-remote", "--refs", app.remote).splitlines()
    return {ref: commit for commit, ref in (line.split("\t") for line in lines)}


def deploys(pushed: Pushed) -> int:
    return pushed.said.count(" is live")


def test_the_deploy_branch_cannot_be_deleted(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    before = heads(app, checkout)
    pushed = checkout.push(app, refs=(":main",))
    assert pushed.code != 0
    assert f"error: main is the branch that deploys {app.name}; it cannot be deleted" in pushed.said
    assert f"hint: podshift destroy {app.name} takes the app away" in pushed.said
    together = checkout.push(app, refs=(":main", "main:topic"))
    assert together.code != 0
    assert heads(app, checkout) == before
    assert app.get() == (200, "hello from v1\n")
    assert app.states() == ["live"]


def test_other_refs_are_accepted_and_do_not_deploy(app: App, checkout: Checkout) -> None:
    commit = checkout.git("rev-parse", "HEAD")
    checkout.git("tag", "--annotate", "--message=One", "v1.0")
    for option in ((), ("-o", "gate")):
        pushed = checkout.push(app, *option, refs=("main:topic", "main:main2", "v1.0"))
        assert pushed.code == 0
        for name in ("topic", "main2", "v1.0"):
            assert f"{name}: accepted, not deployed (only main deploys)" in pushed.said
        assert heads(app, checkout)["refs/heads/topic"] == commit
        deleted = checkout.push(app, *option, refs=(":topic", ":main2", ":v1.0"))
        assert deleted.code == 0
        assert "topic: deleted" in deleted.said
        assert heads(app, checkout) == {}
    assert app.releases() == []


def test_a_ref_may_be_called_anything(app: App, checkout: Checkout) -> None:
    """What Python takes for a line's end, and bytes that are no UTF-8, are part of a name like any other."""
    names = ("a\u2028b", "a\u0085b", "a\udcffb", "a\u202eb")
    for option in ((), ("-o", "gate")):
        pushed = checkout.push(app, *option, refs=("main", *(f"main:refs/heads/{name}" for name in names)))
        assert pushed.code == 0
        assert "Traceback" not in pushed.text
        for shown in ("a\\u2028b", "a\\x85b", "a\\udcffb", "a\\u202eb"):
            assert f"{shown}: accepted, not deployed (only main deploys)" in pushed.said
        assert deploys(pushed) == 1
        checkout.push(app, refs=tuple(f":refs/heads/{name}" for name in names))
        checkout.version("v2")
    assert app.states() == ["retired", "live"]


def test_the_deploy_branch_among_others_is_deployed_once(app: App, checkout: Checkout) -> None:
    commit = checkout.git("rev-parse", "HEAD")
    pushed = checkout.push(app, "--atomic", refs=("main", "main:topic", "HEAD:refs/tags/v1.0"))
    assert (pushed.code, deploys(pushed)) == (0, 1)
    assert set(heads(app, checkout).values()) == {commit}
    assert len(heads(app, checkout)) == 3
    assert app.states() == ["live"]
    assert "Everything up-to-date" in checkout.push(app).said
    assert app.states() == ["live"]


def test_a_forced_push_of_an_older_commit_deploys_it(app: App, checkout: Checkout) -> None:
    first = checkout.git("rev-parse", "HEAD")
    checkout.push(app)
    checkout.version("v2")
    checkout.push(app)
    checkout.git("reset", "--quiet", "--hard", first)
    assert checkout.push(app).code != 0  # git's own refusal: it is no fast-forward
    pushed = checkout.push(app, "--force")
    assert (pushed.code, deploys(pushed)) == (0, 1)
    assert app.get() == (200, "hello from v1\n")
    assert heads(app, checkout) == {"refs/heads/main": first}
    assert app.states() == ["retired", "retired", "live"]
    assert app.status()["commit"] == first


def test_another_branch_may_be_the_one_that_deploys(server: Server, checkout: Checkout) -> None:
    with created(server, "--branch", "env/production") as app:
        assert deploys(checkout.push(app)) == 0
        pushed = checkout.push(app, refs=("main:env/production",))
        assert deploys(pushed) == 1
        assert app.states() == ["live"]
