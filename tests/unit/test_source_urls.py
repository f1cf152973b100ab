"""Which URLs are followed, and what relative ones mean."""

import pytest

from podshift.errors import PodshiftError
from podshift.source.urls import check_origin, redact, resolve


@pytest.mark.parametrize(
    ("origin", "url", "meant"),
    [
        ("https://host/team/app.git", "../lib.git", "https://host/team/lib.git"),
        ("https://host/team/app.git/", "../lib.git", "https://host/team/lib.git"),
        ("https://ada:secret@host:8443/team/app.git", "../../other/lib", "https://ada:secret@host:8443/other/lib"),
        ("ssh://git@host:2222/team/app.git", "./parts/x", "ssh://git@host:2222/team/app.git/parts/x"),
        ("git@host:team/app.git", "../lib.git", "git@host:team/lib.git"),
        ("git@host:app.git", "../lib.git", "git@host:lib.git"),
        ("git@host:/srv/git/app.git", "../lib.git", "git@host:/srv/git/lib.git"),
        ("https://host/app.git", "../../lib.git", None),
        ("https://host/team/app.git", "../..", None),
        ("git@host:app.git", "../../../etc", None),
        ("", "../lib.git", None),
    ],
)
def test_a_relative_url(origin: str, url: str, meant: str | None) -> None:
    assert resolve(origin, url) == meant


@pytest.mark.parametrize("url", ["", "https://host/x.git", "git@host:x.git", "ssh://git@host:22/x"])
def test_a_good_origin(url: str) -> None:
    assert check_origin(url) == url


@pytest.mark.parametrize(
    "url", ["/srv/x.git", "file:///srv/x", "../x", "-oProxyCommand=x:y", "ext::sh -c x", "https://host", "a\nb:c", "x"]
)
def test_no_good_origin(url: str) -> None:
    with pytest.raises(PodshiftError, match="no URL of a repository elsewhere") as raised:
        check_origin(url)
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:secret@host/x", "https://***@host/x"),
        ("https://token@host/x", "https://***@host/x"),
        ("ssh://git:secret@host/x", "ssh://***@host/x"),
        ("ssh://git@host:22/x", "ssh://git@host:22/x"),
        ("git@host:x", "git@host:x"),
        ("https://host/x@y", "https://host/x@y"),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    assert redact(url) == shown
    assert redact(f"fatal: {url}: no") == f"fatal: {shown}: no"
