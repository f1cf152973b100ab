"""What `podshift edge on` makes of what it is told, without an engine."""

import errno
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from podshift.deploy.checks.machine import port_trouble
from podshift.deploy.edge.addresses import collide
from podshift.deploy.edge.choice import WantedEdge, choose
from podshift.errors import PodshiftError
from podshift.model import Edge
from podshift.render import render_template
from podshift.settings import Home, Settings, load_settings, save_settings
from server.edge import edge_addresses, make_root
from server.installation import free_port


@pytest.fixture
def settings() -> Settings:
    return Settings(listen=f"127.0.0.1:{free_port()}")


@pytest.fixture
def wanted() -> WantedEdge:
    http, https = edge_addresses()
    return WantedEdge(internal=True, http=http, https=https)


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


class OfRoot(socket.socket):
    """What an ordinary user meets at port 80."""

    def bind(self, address: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_docker_s_daemon_may_have_what_is_root_s(
    settings: Settings, wanted: WantedEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", OfRoot)
    assert choose(settings._replace(engine="docker"), wanted).edge
    with pytest.raises(PodshiftError, match="Permission denied"):
        choose(settings, wanted)


def edge_of(settings: Settings) -> Edge:
    assert settings.edge
    return settings.edge


def test_a_proxy_on_loopback_stays_where_it_is(settings: Settings, wanted: WantedEdge) -> None:
    chosen = choose(settings, wanted)
    assert chosen.listen == settings.listen
    assert edge_of(chosen).listen_before == settings.listen


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_a_public_one_moves_to_loopback_and_knows_the_way_back(host: str, wanted: WantedEdge) -> None:
    settings = Settings(listen=f"{host}:80")
    chosen = choose(settings, wanted)
    assert chosen.listen.startswith("127.0.0.1:80")
    assert edge_of(chosen).listen_before == settings.listen
    again = choose(chosen, WantedEdge())
    assert (again.listen, edge_of(again)) == (chosen.listen, edge_of(chosen))


def test_a_public_one_stays_public_only_by_its_own_word(wanted: WantedEdge) -> None:
    listen = f"0.0.0.0:{free_port()}"
    assert choose(Settings(listen="0.0.0.0:80"), replace(wanted, listen=listen)).listen == listen


def test_somebody_has_to_give_the_certificates(settings: Settings, wanted: WantedEdge) -> None:
    with pytest.raises(PodshiftError, match="who gives the certificates"):
        choose(settings, replace(wanted, internal=False))


def test_who_gives_them_can_change(settings: Settings, wanted: WantedEdge, tmp_path: Path) -> None:
    make_root(tmp_path)
    own = choose(settings, wanted)
    directory = "https://ca.example/acme/directory"
    acme = choose(own, WantedEdge(acme_ca=directory, acme_root=tmp_path / "root.crt", email="ops@shop.example"))
    assert (edge_of(acme).internal, edge_of(acme).acme_ca, edge_of(acme).email) == (
        False,
        directory,
        "ops@shop.example",
    )
    assert "BEGIN CERTIFICATE" in edge_of(acme).acme_root
    public = edge_of(choose(acme, WantedEdge(acme_ca="")))
    assert (public.acme_ca, public.acme_root, public.email) == ("", "", "ops@shop.example")
    again = edge_of(choose(acme, WantedEdge(internal=True)))
    assert again == edge_of(own)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (WantedEdge(http="80"), "no address to listen on"),
        (WantedEdge(http="localhost:80"), "no address to listen on"),
        (WantedEdge(https="127.0.0.1:0"), "no address to listen on"),
        (WantedEdge(https="127.0.0.1:80 x"), "no address to listen on"),
        (WantedEdge(email="ops example.com"), "no email address"),
        (WantedEdge(email="a@b\n}"), "no email address"),
        (WantedEdge(acme_ca="https://ca.example/ {"), "no ACME directory"),
        (WantedEdge(acme_ca="ca.example"), "no ACME directory"),
        (WantedEdge(acme_root=Path(os.devnull)), "no certificate in PEM"),
        (WantedEdge(acme_root=Path("/nowhere")), "No such file"),
    ],
)
def test_what_cannot_be_is_said(settings: Settings, wanted: WantedEdge, wrong: WantedEdge, says: str) -> None:
    chosen = choose(settings, wanted)
    with pytest.raises(PodshiftError, match=says) as failure:
        choose(chosen, wrong)
    assert failure.value.hint


def test_addresses_of_others_and_of_each_other(settings: Settings, wanted: WantedEdge, taken: str) -> None:
    for one in (replace(wanted, http=taken), replace(wanted, https=taken), replace(wanted, listen=taken)):
        with pytest.raises(PodshiftError, match="Address already in use"):
            choose(settings, one)
    with pytest.raises(PodshiftError, match="an address each"):
        choose(settings, replace(wanted, http=wanted.https))
    with pytest.raises(PodshiftError, match="the edge itself listens"):
        choose(settings, replace(wanted, listen=wanted.http))
    with pytest.raises(PodshiftError, match="no proxy for an edge"):
        choose(settings._replace(listen="none"), wanted)


def test_which_addresses_collide() -> None:
    assert collide("127.0.0.1:80", "127.0.0.1:80")
    assert collide("0.0.0.0:80", "127.0.0.1:80")
    assert not collide("127.0.0.1:80", "127.0.0.2:80")
    assert not collide("0.0.0.0:80", "0.0.0.0:81")


def test_an_ordinary_user_is_told_how_to_get_port_80(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "first"
    limit.write_text("1024\n")
    monkeypatch.setattr("podshift.deploy.checks.machine.UNPRIVILEGED_PORTS", limit)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    what, fix = port_trouble(Settings(), "0.0.0.0:443") or ("", "")
    assert (what, "net.ipv4.ip_unprivileged_port_start=443" in fix) == (
        "443 is root's: other users may listen from 1024 on",
        True,
    )
    assert port_trouble(Settings(), "0.0.0.0:8443") is None


def test_settings_keep_the_edge(settings: Settings, wanted: WantedEdge, tmp_path: Path) -> None:
    make_root(tmp_path)
    chosen = choose(
        settings, replace(wanted, internal=False, acme_ca="https://ca.example/d", acme_root=tmp_path / "root.crt")
    )
    for one in (chosen, settings):
        save_settings(Home(tmp_path), one)
        assert load_settings(Home(tmp_path)) == one


def test_clients_come_to_443_unless_the_edge_is_its_own_authority() -> None:
    """An ACME server looks at 80 and 443: another port is what a router leads these to."""
    assert Edge(https="0.0.0.0:8443").https_port == 443
    assert Edge(https="0.0.0.0:8443", internal=True).https_port == 8443


def test_the_configuration_says_nothing_of_domains() -> None:
    text = render_template("Caddyfile.j2", [], edge=Edge(email="ops@shop.example", acme_ca="https://ca.example/d"))
    assert "email ops@shop.example" in text
    assert "acme_ca https://ca.example/d" in text
    assert "ask http://127.0.0.1:8082/public" in text
    assert "local_certs" not in text
    internal = render_template("Caddyfile.j2", [], edge=Edge(https="0.0.0.0:8443", internal=True))
    assert "https_port 8443" in internal
    assert "local_certs" in internal
    assert "ask http://127.0.0.1:8082/internal" in internal
