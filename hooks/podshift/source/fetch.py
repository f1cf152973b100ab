"""How one commit of another repository gets here."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from git import Git

from podshift.errors import PodshiftError
from podshift.source.command import GIT, clean_git_environment, last_lines
from podshift.source.near import refuse_near
from podshift.source.outside import Outside
from podshift.source.repository import Repository
from podshift.source.submodules import Submodule
from podshift.source.urls import PROTOCOLS, is_over_ssh, redact, redact_lines

FETCH_SECONDS = 300.0
"""For one submodule, from start to end."""

LOOK_SECONDS = 0.2
"""How often it is looked at how much has come."""

MOST_PACKS = 50
KEPT = "refs/kept/newest"


def place_of(submodule: Submodule, kept: Path) -> Path:
    """Where what was fetched from its URL is kept."""
    return kept / "submodules" / f"{sha256(submodule.url.encode(errors='surrogateescape')).hexdigest()[:32]}.git"


def fetch(submodule: Submodule, place: Path, ssh: str, outside: Outside) -> Repository:
    """A bare repository at `place` that holds the submodule's commit; what is there already is not fetched again.

    Only that commit where the other side allows it, else all branches and tags. The operator's own git configuration
    applies (proxies, certificates, credential helpers), but nothing may ask a question, and `ssh` is the shell line
    that runs ssh. Raises PodshiftError, also when more comes than one push may bring; the place is then to be thrown
    away.
    """
    clone = _open(place, submodule.commit)
    if _has(clone, submodule.commit):
        return clone
    _check_host(submodule, outside)
    deadline = time.monotonic() + FETCH_SECONDS
    most = _size(clone) + (outside.limit_mb << 20)
    error = ""
    one = ["--depth=1", "--end-of-options", submodule.url, f"+{submodule.commit}:{KEPT}"]
    everything = ["--end-of-options", submodule.url, "+refs/*:refs/other/*"]
    for what in (one, everything):
        error = _fetch(clone, what, ssh, deadline, most)
        if _size(clone) > most:
            raise PodshiftError(
                f"{submodule.shown} brings more than {outside.limit_mb:,} MB, which one fetch may not",
                hint="take large files out of its commits; or on the server: max_push_mb in settings.toml",
            )
        if _has(clone, submodule.commit):
            return clone
    raise _failure(submodule, error, outside)


def _open(place: Path, commit: str) -> Repository:
    """What a broken-off fetch left there is taken away: its objects count only once their pack is whole."""
    if place.exists():
        for left in (*place.rglob("*.lock"), *place.glob("objects/pack/tmp_*")):
            left.unlink()
        if len(list(place.glob("objects/pack/*.pack"))) > MOST_PACKS:
            shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)
    clone = Repository(place)
    if not (place / "HEAD").exists():
        kind = "sha256" if len(commit) == 64 else "sha1"  # of one superproject all are of one kind
        clone.read("init", "--quiet", "--bare", "--template=", f"--object-format={kind}")
    return clone


def _has(clone: Repository, commit: str) -> bool:
    return not clone.run("cat-file", "-e", f"{commit}^{{commit}}")[0]


def _check_host(submodule: Submodule, outside: Outside) -> None:
    try:
        refuse_near(submodule.url, outside.trusted)
    except PodshiftError as error:
        raise PodshiftError(f"{submodule.shown}: {error.message}", hint=error.hint) from None


def _size(clone: Repository) -> int:
    """Bytes, those of what is just coming included. git itself bounds what a push brings, but no fetch."""
    total = 0
    for folder, _, files in os.walk(clone.path):
        for name in files:
            with suppress(FileNotFoundError):  # renamed meanwhile
                total += Path(folder, name).lstat().st_size
    return total


def _failure(submodule: Submodule, error: str, outside: Outside) -> PodshiftError:
    url = redact(submodule.url)
    said = last_lines(redact_lines(error)) or ("no such commit there: was it pushed?",)
    hint = f"on the server, as the user that runs podshift, this must work: git ls-remote {url}"
    if "host key verification failed" in error.lower():
        hint = (
            "that machine does not have the key that it had when it was first met. If it was really given a new one, "
            f"take the old one out: ssh-keygen -f {outside.known_hosts} -R HOST"
        )
    elif "returned error: 30" in error:
        hint = f"nobody is followed elsewhere: write the URL that it leads to in the place of {url}"
    elif is_over_ssh(submodule.url) and "no such commit" not in said[0]:
        hint = f"podshift deploy-key {outside.app} prints the app's key; give it the right to read {url}"
    return PodshiftError(
        f"{submodule.shown} could not be fetched from {url}",
        hint=hint, details=said,
    )  # fmt: skip


def _fetch(clone: Repository, what: list[str], ssh: str, deadline: float, most: int) -> str:
    """Fetches into the clone, no longer than to the deadline and until it has more bytes; git's error text."""
    options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance")
    slow = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")  # bytes a second; seconds
    straight = ("-c", "http.followRedirects=false")  # where it leads to was not looked at
    whole = ("-c", "fetch.unpackLimit=1")  # a pack is there or not; loose objects would come one by one
    variables = {
        "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
        "GIT_ASKPASS": "",
        "GIT_DIR": str(clone.path),
        "GIT_SSH_COMMAND": ssh,
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    with clean_git_environment():
        process = Git(clone.path).execute(
            [*GIT, *slow, *straight, *whole, "fetch", *options, *what],
            env=variables,
            as_process=True,
            start_new_session=True,  # no terminal for ssh to ask on; and one group to end all of it
        )
    try:
        while _size(clone) <= most:
            with suppress(subprocess.TimeoutExpired):
                return str(process.communicate(timeout=LOOK_SECONDS)[1], errors="replace")
            if time.monotonic() > deadline:
                return f"no end after {FETCH_SECONDS:.0f} s"
        return ""
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
