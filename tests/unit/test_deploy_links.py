"""A commit that wants to reach an app which it may not: what its pusher reads."""

import pytest

from podshift.deploy.app.links import refuse_ungranted
from podshift.errors import PodshiftError
from podshift.model import Manifest
from server.switchboard import an_app

HELLO = an_app("hello")


@pytest.mark.parametrize(
    ("wanted", "said", "hint"),
    [
        (("api",), "a link to api, which hello was not granted", "podshift allow hello link:api"),
        (("nosuch", "api"), "a link to nosuch, and there is no such app", "podshift create"),
        (("hello",), "a link to hello, which is the app itself", "an app reaches itself anyway"),
    ],
)
def test_a_link_that_there_is_not(wanted: tuple[str, ...], said: str, hint: str) -> None:
    with pytest.raises(PodshiftError) as caught:
        refuse_ungranted(HELLO, Manifest(links=wanted), lambda: {"hello", "api"})
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_what_was_granted_is_not_looked_up() -> None:
    refuse_ungranted(HELLO._replace(links=("api",)), Manifest(links=("api",)), lambda: pytest.fail("asked"))
