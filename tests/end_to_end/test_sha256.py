"""A repository whose commits have SHA-256 names. test_backup.py has one as well."""

from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import created


@pytest.fixture
def long(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "long", object_format="sha256")


def test_push_gate_rollback_deploy(server: Server, long: Checkout) -> None:
    with created(server, "--object-format=sha256") as app:
        first = long.git("rev-parse", "HEAD")
        assert len(first) == 64
        assert "is live" in long.push(app).said
        second = long.version("v2")
        assert "is live" in long.push(app, "-o", "gate").said
        assert [one["commit"] for one in app.releases()] == [second, first]
        server.podshift("rollback", app.name)
        assert app.get() == (200, "hello from v1\n")
        server.podshift("deploy", app.name, second[:12])
        assert app.get() == (200, "hello from v2\n")
        assert app.status()["commit"] == second


def test_the_other_kind_of_repository(app: App, long: Checkout, checkout: Checkout) -> None:
    """git itself refuses, before anything of podshift is asked; the README says what to do."""
    pushed = long.push(app)
    assert pushed.code != 0
    assert "protocol error: unexpected capabilities^{}" in pushed.said
    assert app.releases() == []
    checkout.git("push", app.remote, "HEAD:refs/heads/other")
    pushed = long.push(app)
    assert pushed.code != 0
    assert "the receiving end does not support this repository's hash algorithm" in pushed.said
