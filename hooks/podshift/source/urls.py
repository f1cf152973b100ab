"""URLs of other repositories: which are followed, what relative ones mean, and how they are shown."""

import re

from podshift.errors import PodshiftError
from podshift.report.text import printable

PROTOCOLS = ("https", "http", "ssh", "git")
"""Ways to reach a submodule. Not `file`: a pushed repository must not read the server's own files."""

_SCP_LIKE = re.compile(r"(?P<place>[^/:]+:)(?!:|//)(?P<path>.*)")  # host:path, not the helper::address of a program
_WITH_SCHEME = re.compile(r"(?P<place>[a-z]+://[^/]+/)(?P<path>.*)")
# ssh's user name alone is no secret, and is needed to type the URL.
_CREDENTIALS = re.compile(r"(?<=://)(?<!ssh://)[^/\s]*@|(?<=ssh://)[^/\s:@]*:[^/\s]*@")


def may_be_followed(url: str) -> bool:
    """Whether git may be sent there: not an option, a path of this machine, or a program to run."""
    scheme, found, _ = url.partition("://")
    allowed = scheme in PROTOCOLS if found else _SCP_LIKE.match(url)
    return bool(allowed) and not url.startswith("-") and url.isprintable()


def is_over_ssh(url: str) -> bool:
    return url.startswith("ssh://") or ("://" not in url and bool(_SCP_LIKE.match(url)))


def check_origin(url: str) -> str:
    """The URL that an operator gives as an app's origin; empty: none is known. Raises PodshiftError."""
    if url and not (may_be_followed(url) and _split(url)):
        raise PodshiftError(
            f"{redact(url)!r} is no URL of a repository elsewhere",
            hint="such as https://git.example.com/team/shop.git or git@git.example.com:team/shop.git",
        )
    return url


def is_relative(url: str) -> bool:
    return url.startswith(("./", "../"))


def resolve(origin: str, url: str) -> str | None:
    """What a relative URL means to a repository from `origin`: git-submodule(1). None when it leaves that host."""
    split = _split(origin)
    if split is None:
        return None
    place, path = split
    root = "/" if path.startswith("/") else ""
    parts = path.strip("/").split("/")
    for part in url.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return f"{place}{root}{'/'.join(parts)}" if parts else None


def _split(url: str) -> tuple[str, str] | None:
    match = _WITH_SCHEME.fullmatch(url) or _SCP_LIKE.fullmatch(url)
    return (match["place"], match["path"]) if match and match["path"].strip("/") else None


def redact(text: str) -> str:
    """The text fit to show: without passwords in URLs."""
    return printable(_CREDENTIALS.sub("***@", text))


def redact_lines(text: str) -> str:
    return "\n".join(redact(line) for line in text.splitlines())
