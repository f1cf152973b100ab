"""What status makes of HAProxy's words."""

import pytest

from podshift.deploy.server.status import upstream
from podshift.proxy import ServerState


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("UP", "up"),
        ("UP 1/3", "up"),
        ("DOWN 1/2", "down"),
        ("DRAIN", "drain"),
        ("drain 0/3", "drain"),
        ("MAINT (resolution)", "maint"),
        ("no check", "no check"),
    ],
)
def test_an_upstream_in_one_word(status: str, word: str) -> None:
    assert upstream(ServerState(status, "L7OK", 200, in_flight=0, answered=0, failed=0)) == word


def test_no_upstream_has_no_word() -> None:
    assert upstream(None) is None
