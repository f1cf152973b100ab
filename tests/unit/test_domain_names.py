"""What may be a domain."""

import pytest

from podshift.deploy.app.domains import check_domain
from podshift.errors import PodshiftError

LABEL = "a" * 63


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("shop.example.com", "shop.example.com"),
        (" Shop.Example.COM. ", "shop.example.com"),
        ("*.Example.com", "*.example.com"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("10.0.0.1", "10.0.0.1"),
        ("localhost", "localhost"),
        (f"{LABEL}.{LABEL}.{LABEL}.{LABEL[:61]}", f"{LABEL}.{LABEL}.{LABEL}.{LABEL[:61]}"),
    ],
)
def test_a_domain_is_written_in_one_way(text: str, domain: str) -> None:
    assert check_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "*", "*.", "a..b", "a.*.b", "*a.b", "**.a", "-a.b", "a-.b", "a_b.c", "a b", "a/b", "a:80", "a\nb"),
        *("http://a.example", "münchen.de", "a.example..", "[::1]", "a;b", "%41.b", f"{LABEL}a.b"),
        f"{LABEL}.{LABEL}.{LABEL}.{LABEL[:62]}",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(PodshiftError, match="is no domain"):
        check_domain(text)
