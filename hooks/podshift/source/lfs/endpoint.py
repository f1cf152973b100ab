"""Where a commit's LFS files are: https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md"""

import json
import re
import shlex
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from podshift.errors import PodshiftError
from podshift.source.command import last_lines
from podshift.source.commit import Commit
from podshift.source.near import refuse_near
from podshift.source.outside import Outside
from podshift.source.repository import Repository
from podshift.source.ssh import ssh_command
from podshift.source.urls import is_over_ssh, may_be_followed, redact

SSH_SECONDS = 60
# `ssh://git@host:22/team/shop.git`, whose path git-lfs gives with its slash, and `git@host:team/shop.git`.
_SSH = re.compile(
    r"(?P<scheme>ssh://)?(?P<at>[A-Za-z0-9_][A-Za-z0-9._@-]*)(?(scheme)(?::(?P<port>[0-9]+))?(?=/)|:)"
    r"(?P<path>[A-Za-z0-9._~/+-]+)"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL to ask, with headers that may hold a secret. `trusted` is the URL whose host an operator named."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: str = ""

    def check(self, url: str) -> None:
        """Raises PodshiftError for what a pushed repository, or a server that it names, must not have us ask."""
        parts = _split(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
            raise PodshiftError(f"{redact(url)} is not asked for them", hint="use an https URL")
        refuse_near(url, self.trusted)


def _split(url: str) -> SplitResult:
    """Its parts. Raises PodshiftError for a bracket that is not closed, and the like."""
    try:
        return urlsplit(url)
    except ValueError:
        raise PodshiftError(f"{redact(url)} is no URL", hint="use an https URL") from None


def find_endpoint(repository: Repository, commit: str, outside: Outside, scratch: Path) -> Endpoint:
    """From the commit's .lfsconfig, else the app's origin. Raises PodshiftError where none may be asked."""
    url = _configured(repository, commit) or _of_origin(outside)
    if is_over_ssh(url):
        refuse_near(url, outside.trusted)
        href, headers = _authenticated(url, outside, scratch)
    else:
        parts = _split(url)
        href = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        headers = _basic(parts.username, parts.password) if parts.username else {}
    endpoint = Endpoint(href.rstrip("/"), headers, outside.trusted)
    endpoint.check(endpoint.url)
    return endpoint


def _configured(repository: Repository, commit: str) -> str:
    with Commit(repository, commit) as holds:
        entry = holds.entry(".lfsconfig")
    if entry is None or not entry.is_file:
        return ""
    url = repository.run("config", "--blob", entry.oid, "--get", "lfs.url")[1].decode(errors="replace").strip()
    if url and not (may_be_followed(url) and (is_over_ssh(url) or url.startswith(("http://", "https://")))):
        raise PodshiftError(f"the lfs.url {redact(url)} in .lfsconfig is not followed", hint="use an https URL there")
    return url


def _of_origin(outside: Outside) -> str:
    origin = outside.origin.rstrip("/")
    if not origin or origin.startswith("git://"):
        raise PodshiftError(
            "the server does not know where the files are",
            hint=f"podshift origin {outside.app} URL, the one that developers clone from; or lfs.url in .lfsconfig",
        )
    if is_over_ssh(origin):
        return origin
    return f"{origin if origin.endswith('.git') else f'{origin}.git'}/info/lfs"


def _basic(user: str, password: str | None) -> dict[str, str]:
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _authenticated(url: str, outside: Outside, scratch: Path) -> tuple[str, dict[str, str]]:
    """Over SSH the other side says where, and gives a token: `git-lfs-authenticate PATH download`."""
    match = _SSH.fullmatch(url)
    if match is None:
        raise PodshiftError(f"{redact(url)} cannot be asked over SSH", hint="give its https URL in .lfsconfig")
    port = ["-p", match["port"]] if match["port"] else []
    asked = ["--", match["at"], f"git-lfs-authenticate {shlex.quote(match['path'])} download"]
    with ssh_command(outside, scratch) as ssh:
        said, error = _run([*shlex.split(ssh), *port, *asked])
    try:
        told = json.loads(said)
        return str(told["href"]), {str(name): str(value) for name, value in (told.get("header") or {}).items()}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise PodshiftError(
            f"{redact(url)} does not say where they are",
            hint=f"podshift deploy-key {outside.app} prints the app's key; give it the right to read there",
            details=last_lines(error),
        ) from None


def _run(command: list[str]) -> tuple[bytes, str]:
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SSH_SECONDS, stdin=subprocess.DEVNULL, start_new_session=True,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return b"", f"ssh: {error.__class__.__name__}"
    return done.stdout, done.stderr.decode(errors="replace")
