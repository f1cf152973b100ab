"""Which other repositories a commit includes, and how one of their commits gets here."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from git import Git

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.command import GIT, clean_git_environment, last_lines
from podshift.source.repository import Repository
from podshift.source.urls import PROTOCOLS, may_be_followed, redact, redact_lines

FETCH_SECONDS = 300.0
"""For one submodule, from start to end."""

_GITLINK = b"160000 "


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository that belongs at `path` (bytes that are no UTF-8 as surrogates), at `commit`."""

    path: str
    commit: str
    url: str


def list_submodules(repository: Repository, commit: str, index: Path) -> list[Submodule]:
    """The submodules of the commit whose tree the index file holds, but for those with `update = none`.

    Raises PodshiftError when one has no URL, or one that is not to be followed.
    """
    listed = repository.read("ls-files", "--stage", "-z", GIT_INDEX_FILE=str(index)).split(b"\0")
    links = dict(_gitlink(line) for line in listed if line.startswith(_GITLINK))
    if not links:
        return []
    said = {keys.get("path"): keys for keys in _sections(repository, commit).values()}
    wanted = [(path, oid, said.get(path, {})) for path, oid in links.items()]
    return [
        Submodule(path, oid, _followed(path, keys.get("url", "")))
        for path, oid, keys in wanted
        if keys.get("update") != "none"
    ]


def _gitlink(line: bytes) -> tuple[str, str]:
    about, _, path = line.partition(b"\t")
    return os.fsdecode(path), about.split()[1].decode()


def _sections(repository: Repository, commit: str) -> dict[str, dict[str, str]]:
    """What .gitmodules says, by submodule name. Its includes are not followed: it is read as a blob."""
    entry = repository.entry(commit, ".gitmodules")
    if entry is None or not entry.is_file:
        return {}
    keys = r"^submodule\..*\.(path|url|update)$"
    status, output, error = repository.run("config", "--blob", entry.oid, "-z", "--get-regexp", keys)
    if status > 1:  # 1: no such key
        raise PodshiftError(".gitmodules cannot be read", details=last_lines(error))
    sections: dict[str, dict[str, str]] = {}
    for line in os.fsdecode(output).split("\0"):
        name, _, value = line.partition("\n")
        section, _, key = name.rpartition(".")
        sections.setdefault(section, {})[key] = value
    return sections


def _followed(path: str, url: str) -> str:
    """The URL, when it is one to fetch from; PodshiftError otherwise."""
    shown = f"submodule {printable(path)}"
    if not url:
        hint = f"add it with `git submodule add`, or take it out with `git rm --cached {printable(path)}`"
        raise PodshiftError(f"{shown} has no URL in .gitmodules", hint=hint)
    if url.startswith(("./", "../")):
        hint = "write the whole URL in .gitmodules: the server does not know where the repository came from"
        raise PodshiftError(f"{shown} has the relative URL {redact(url)}", hint=hint)
    if not may_be_followed(url):
        hint = f"use one of {', '.join(PROTOCOLS)} in .gitmodules"
        raise PodshiftError(f"{shown} has the URL {redact(url)}, which is not followed", hint=hint)
    return url


def fetch(submodule: Submodule, scratch: Path) -> Repository:
    """A bare repository in the empty folder that holds the submodule's commit.

    Only that commit where the other side allows it, else all branches and tags. The operator's own git
    configuration applies (proxies, certificates, credential helpers, keys), but nothing may ask a question.
    """
    kind = "sha256" if len(submodule.commit) == 64 else "sha1"  # of one superproject all are of one kind
    clone = Repository(scratch)
    clone.read("init", "--quiet", "--bare", "--template=", f"--object-format={kind}")
    deadline = time.monotonic() + FETCH_SECONDS
    error = ""
    one = ["--depth=1", "--end-of-options", submodule.url, submodule.commit]
    everything = ["--end-of-options", submodule.url, "+refs/*:refs/other/*"]
    for what in (one, everything):
        error = _fetch(clone, what, max(deadline - time.monotonic(), 0.0))
        if not clone.run("cat-file", "-e", f"{submodule.commit}^{{commit}}")[0]:
            return clone
    url = redact(submodule.url)
    raise PodshiftError(
        f"submodule {printable(submodule.path)} at {submodule.commit[:7]} could not be fetched from {url}",
        hint=f"on the server, as the user that runs podshift, this must work: git ls-remote {url}",
        details=last_lines(redact_lines(error)) or ("no such commit there: was it pushed?",),
    )


def _fetch(clone: Repository, what: list[str], seconds: float) -> str:
    """Fetches into the clone, for so long at most; git's error text."""
    options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance")
    slow = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")  # bytes a second; seconds
    variables = {
        "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
        "GIT_ASKPASS": "",
        "GIT_DIR": str(clone.path),
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    with clean_git_environment():
        process = Git(clone.path).execute(
            [*GIT, *slow, "fetch", *options, *what],
            env=variables,
            as_process=True,
            start_new_session=True,  # no terminal for ssh to ask on; and one group to end all of it
        )
    try:
        return str(process.communicate(timeout=seconds)[1], errors="replace")
    except subprocess.TimeoutExpired:
        return f"no end after {FETCH_SECONDS:.0f} s"
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
