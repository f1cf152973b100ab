"""What `podshift edge on` was told, checked, and made a whole choice."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from podshift.deploy.checks.machine import port_trouble
from podshift.deploy.edge.addresses import check_address, collide, proxy_address, refuse_taken
from podshift.errors import PodshiftError
from podshift.model import Edge
from podshift.settings import Settings

EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class WantedEdge:
    """None: as it was, or podshift's choice. An empty `acme_ca` is a public one again."""

    email: str | None = None
    internal: bool = False
    acme_ca: str | None = None
    acme_root: Path | None = None
    http: str | None = None
    https: str | None = None
    listen: str | None = None
    image: str | None = None


def choose(settings: Settings, wanted: WantedEdge) -> Settings:
    """The settings with the edge that is wanted, and with the proxy out of its way. Raises PodshiftError."""
    if not settings.has_proxy:
        raise PodshiftError(
            "there is no proxy for an edge to stand before", hint="podshift init --listen 127.0.0.1:8080"
        )
    before = settings.edge or Edge(listen_before=settings.listen)
    edge = _with_authority(before, wanted, first=settings.edge is None)._replace(
        http=check_address(wanted.http or before.http),
        https=check_address(wanted.https or before.https),
        image=wanted.image or before.image,
    )
    if collide(edge.http, edge.https):
        raise PodshiftError("http and https need an address each", hint="--http 0.0.0.0:80 --https 0.0.0.0:443")
    for address in (edge.http, edge.https):
        if trouble := port_trouble(settings, address):
            what, fix = trouble
            raise PodshiftError(f"port {what}", hint=fix)
    chosen = settings._replace(edge=edge, listen=proxy_address(settings, edge, wanted.listen))
    refuse_taken(settings, chosen)
    return chosen


def _with_authority(before: Edge, wanted: WantedEdge, *, first: bool) -> Edge:
    """Who gives the certificates: the edge itself, or an ACME server."""
    if wanted.internal:
        return before._replace(internal=True, email="", acme_ca="", acme_root="")
    given = (wanted.email, wanted.acme_ca, wanted.acme_root)
    if given == (None, None, None):
        if first:
            raise PodshiftError(
                "who gives the certificates?",
                hint="podshift edge on --email YOU@EXAMPLE.COM, from a public authority; or --internal, from its own",
            )
        return before
    email = before.email if wanted.email is None else wanted.email
    acme_ca = before.acme_ca if wanted.acme_ca is None else wanted.acme_ca
    root = _certificate(wanted.acme_root) if wanted.acme_root else before.acme_root
    _check_email(email)
    _check_directory(acme_ca)
    if wanted.acme_root and not acme_ca:
        raise PodshiftError("a root goes with its ACME server", hint="--acme-ca https://ca.example/acme/directory")
    return before._replace(internal=False, email=email, acme_ca=acme_ca, acme_root=root if acme_ca else "")


def _check_email(email: str) -> None:
    if email and not EMAIL.fullmatch(email):
        raise PodshiftError(f"{email!r} is no email address", hint="--email ops@example.com")


def _check_directory(url: str) -> None:
    parts = urlsplit(url)
    if url and (
        parts.scheme != "https" or not parts.hostname or not re.fullmatch(r"[!-~]+", url) or set(url) & set('{}"`')
    ):
        raise PodshiftError(f"{url!r} is no ACME directory", hint="such as https://ca.example/acme/directory")


def _certificate(path: Path) -> str:
    import ssl

    try:
        text = path.read_text()
        if "-----BEGIN CERTIFICATE-----" not in text:  # an empty one would be taken
            raise ValueError("there is no certificate in it")
        ssl.create_default_context(cadata=text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise PodshiftError(
            f"{path} is no certificate in PEM: {reason}", hint="the file begins -----BEGIN CERT…"
        ) from None
    return text
