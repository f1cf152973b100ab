"""Hosts that are not asked at a repository's request: this machine itself, and link-local addresses.

Submodules and LFS files have one rule. Who reads a URL differently than the program that follows it, checks the wrong
host; so only URLs are taken that all programs read alike.
"""

import ipaddress
import re
import socket
from urllib.parse import unquote

from podshift.errors import PodshiftError
from podshift.source.urls import redact

HINT = "on the server, or with an admin's key: podshift origin APP URL; the host that is named there may be asked"

_HOST = r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_WITH_SCHEME = re.compile(rf"(?i:https?|ssh|git)://(?:[^@/?#\\]*@)?{_HOST}(?::[0-9]*)?(?:[/?#].*)?")
_SCP_LIKE = re.compile(rf"(?:[^@/:]*@)?{_HOST}:(?!//).*")
_DECODED_FIRST = ("ssh://", "git://")  # by git, before it looks for the host


def host_of(url: str) -> str:
    """The URL's host in small letters, an IPv6 address without its brackets; empty where it cannot be told."""
    text = unquote(url) if url.startswith(_DECODED_FIRST) else url
    match = _WITH_SCHEME.fullmatch(text) or _SCP_LIKE.fullmatch(text)
    return match["host"].lower().strip("[]") if match else ""


def refuse_near(url: str, trusted: str) -> None:
    """Raises PodshiftError for a URL that leads to a near address, or to no host; not for the host of `trusted`,
    which is a URL that an operator gave, or empty."""
    host = host_of(url)
    if not host:
        raise PodshiftError(f"the host of {redact(url)} cannot be told for certain", hint=f"write it plainly; {HINT}")
    if host != host_of(trusted) and any(map(is_near, _addresses(host))):
        raise PodshiftError(
            f"{redact(url)} is this machine itself, which is not asked at a repository's request", hint=HINT
        )


def is_near(address: str) -> bool:
    """Whether an IP address is loopback, link-local, unspecified or multicast."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    return mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast


def _addresses(host: str) -> set[str]:
    try:
        return {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:
        raise PodshiftError(f"there is no host {redact(host)}: {error}", hint=HINT) from None
