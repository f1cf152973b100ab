"""Which other repositories a commit includes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from podshift.errors import PodshiftError
from podshift.report.text import printable
from podshift.source.command import last_lines
from podshift.source.commit import Commit
from podshift.source.outside import Outside
from podshift.source.repository import Repository
from podshift.source.urls import PROTOCOLS, is_relative, may_be_followed, redact, resolve


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository that belongs at `path` (bytes that are no UTF-8 as surrogates), at `commit`."""

    path: str
    commit: str
    url: str

    @property
    def shown(self) -> str:
        """What messages call it."""
        return f"submodule {printable(self.path)} at {self.commit[:7]}"


def list_submodules(
    repository: Repository, commit: str, links: Mapping[str, str], outside: Outside
) -> list[Submodule]:  # fmt: skip
    """The submodules among the commit's `links` (path → commit), but for those that are not needed, or not to be
    updated.

    Raises PodshiftError when one has no URL, or one that is not to be followed.
    """
    needed = {path: oid for path, oid in links.items() if outside.needs(path)}
    if not needed:
        return []
    said = {keys.get("path"): keys for keys in _sections(repository, commit).values()}
    wanted = [(path, oid, said.get(path, {})) for path, oid in needed.items()]
    return [
        Submodule(path, oid, _followed(path, keys.get("url", ""), outside))
        for path, oid, keys in wanted
        if keys.get("update") != "none"
    ]


def _sections(repository: Repository, commit: str) -> dict[str, dict[str, str]]:
    """What .gitmodules says, by submodule name. Its includes are not followed: it is read as a blob."""
    with Commit(repository, commit) as holds:
        entry = holds.entry(".gitmodules")
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


def _followed(path: str, url: str, outside: Outside) -> str:
    """The whole URL, when it is one to fetch from; PodshiftError otherwise."""
    shown = f"submodule {printable(path)}"
    if not url:
        hint = f"add it with `git submodule add`, or take it out with `git rm --cached {printable(path)}`"
        raise PodshiftError(f"{shown} has no URL in .gitmodules", hint=hint)
    if is_relative(url):
        return _resolved(shown, url, outside)
    if not may_be_followed(url):
        hint = f"use one of {', '.join(PROTOCOLS)} in .gitmodules"
        raise PodshiftError(f"{shown} has the URL {redact(url)}, which is not followed", hint=hint)
    return url


def _resolved(shown: str, url: str, outside: Outside) -> str:
    if not outside.origin:
        raise PodshiftError(
            f"{shown} has the relative URL {redact(url)}, and the server does not know where the repository came from",
            hint=f"podshift origin {outside.app} URL tells it, or write the whole URL in .gitmodules",
        )
    whole = resolve(outside.origin, url)
    if whole is None or not may_be_followed(whole):
        raise PodshiftError(
            f"{shown} has the relative URL {redact(url)}, which leads nowhere from {redact(outside.origin)}",
            hint=f"correct .gitmodules, or podshift origin {outside.app} URL",
        )
    return whole
