"""What a real HAProxy does for the HTTPS edge: whom it believes, whom it redirects, for whom there is a certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from podshift.deploy.checks.answer import NOBODY
from podshift.settings import Home
from server.switchboard import Switchboard, Upstream, an_app

SHOP = an_app("shop", 0, "shop.example", "*.shop.example")._replace(hsts=300)
PLAIN = an_app("plain", 1, "plain.example")._replace(redirect=False)
OTHERS = an_app("others", 2)
FORGED = {
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Port": "1",
    "X_Forwarded_Prefix": "/evil",
    "Forwarded": "for=6.6.6.6",
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream("web-1") as upstream:
        yield upstream


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Switchboard]:
    """All three apps have one upstream."""
    board = Switchboard(Home(tmp_path_factory.mktemp("edge")))
    placed = {app: [upstream.place] for app in ("shop", "plain", "others")}
    board.write_files([SHOP, PLAIN, OTHERS], placed, https_port=443)
    with board.running():
        yield board


def forwarded(upstream: Upstream) -> dict[str, str]:
    return {name: value for name, value in upstream.headers.items() if "forwarded" in name}


def test_the_edge_s_word_is_taken_for_the_client_s_address(board: Switchboard, upstream: Upstream) -> None:
    for address in ("203.0.113.7", "2001:db8::7"):
        answer = board.by_edge("shop.example", X_Forwarded_For=address, X_Forwarded_Proto="https", **FORGED)
        assert answer.status == 200
        assert forwarded(upstream) == {
            "x-forwarded-for": address,
            "x-forwarded-proto": "https",
            "x-forwarded-host": "shop.example",
        }


def test_nobody_else_s_word_is_taken(board: Switchboard, upstream: Upstream) -> None:
    headers = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "https", **FORGED}
    assert board.get("shop.example", **headers) == (200, "web-1")
    assert forwarded(upstream) == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "shop.example",
    }


@pytest.mark.parametrize("host", ["shop.example", "a.b.shop.example", "SHOP.example.:80"])
def test_http_is_sent_to_https(board: Switchboard, host: str) -> None:
    answer = board.by_edge(host, "/cart?id=1&x=%20", X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="http")
    name = host.lower().removesuffix(".:80")
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{name}/cart?id=1&x=%20")
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("host", ["plain.example", "whoever.example", "shop.localhost", "203.0.113.1"])
def test_what_does_not_redirect_or_can_have_no_certificate_is_answered(board: Switchboard, host: str) -> None:
    assert board.by_edge(host, X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="http").status == 200


def test_podshift_s_own_question_is_answered_by_the_proxy_itself(board: Switchboard) -> None:
    """Else the app that answers to every other host would: and where that is down, hold the answer up."""
    assert board.get(NOBODY)[0] == 204
    assert board.by_edge(NOBODY, X_Forwarded_Proto="http").status == 204


def test_the_proxy_s_own_port_redirects_nobody(board: Switchboard) -> None:
    assert board.get("shop.example") == (200, "web-1")


def test_hsts_is_said_over_https_alone_and_only_where_it_is_on(board: Switchboard) -> None:
    said = {
        (host, scheme): board.by_edge(host, X_Forwarded_Proto=scheme).headers["Strict-Transport-Security"]
        for host in ("shop.example", "plain.example")
        for scheme in ("http", "https")
    }
    assert {key: value for key, value in said.items() if value} == {("shop.example", "https"): "max-age=300"}


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("shop.example", 200),
        ("SHOP.example.", 200),
        ("a.b.shop.example", 200),
        ("plain.example", 200),
        ("shop.example.evil.example", 404),
        ("evilshop.example", 404),
        ("whoever.example", 404),
        ("shop.localhost", 404),
        ("*", 404),
        ("", 404),
    ],
)
def test_certificates_are_for_domains_of_apps(board: Switchboard, domain: str, status: int) -> None:
    assert board.by_edge("edge", f"/public?domain={domain}", socket="ask.sock").status == status


def test_an_own_authority_may_certify_localhost_too(board: Switchboard) -> None:
    assert board.by_edge("edge", "/internal?domain=shop.localhost", socket="ask.sock").status == 200
    assert board.by_edge("edge", "/internal?domain=nobody.localhost", socket="ask.sock").status == 404


def test_maps_of_the_running_proxy_change_all_of_it(board: Switchboard) -> None:
    board.proxy.replace("redirect", {"b0": "8443"})
    answer = board.by_edge("shop.example", "/x", X_Forwarded_Proto="http")
    assert answer.headers["Location"] == "https://shop.example:8443/x"
    board.proxy.replace("redirect", {})
    assert board.by_edge("shop.example", "/x", X_Forwarded_Proto="http").status == 200
    board.proxy.replace("hsts", {"b1": "0"})
    answer = board.by_edge("plain.example", X_Forwarded_Proto="https")
    assert answer.headers["Strict-Transport-Security"] == "max-age=0"


def test_the_sockets_are_for_this_user_alone(tmp_path: Path, board: Switchboard) -> None:
    for name in ("http.sock", "ask.sock"):
        assert (board.home.edge_socket_folder / name).stat().st_mode & 0o777 == 0o600
