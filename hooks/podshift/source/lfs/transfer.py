"""The batch API, https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md, and downloads that are verified."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from podshift.errors import PodshiftError
from podshift.opener import strict_opener
from podshift.report.text import printable
from podshift.source.lfs.endpoint import Endpoint
from podshift.source.lfs.pointers import Pointer
from podshift.source.urls import redact

MEDIA = "application/vnd.git-lfs+json"
AT_ONCE = 100
LONGEST_ANSWER = 8 * 1024 * 1024
SILENT_SECONDS = 30.0
SECONDS = 1800.0
"""For all of a commit's files together."""


def download(endpoint: Endpoint, pointers: Sequence[Pointer], store: Path) -> None:
    """Each into a file of the store that has its hash as a name, whole or not at all. Raises PodshiftError."""
    store.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + SECONDS
    for first in range(0, len(pointers), AT_ONCE):
        some = pointers[first : first + AT_ONCE]
        actions = _ask(endpoint, some)
        for pointer in some:
            _fetch(endpoint, pointer, actions.get(pointer.oid, {}), store, deadline)


def _ask(endpoint: Endpoint, pointers: Sequence[Pointer]) -> dict[str, dict[str, Any]]:
    """What the server says of each object, by its hash."""
    wanted = [{"oid": one.oid, "size": one.size} for one in pointers]
    question = {"operation": "download", "transfers": ["basic"], "hash_algo": "sha256", "objects": wanted}
    headers = {**endpoint.headers, "Accept": MEDIA, "Content-Type": MEDIA}
    with _opened(f"{endpoint.url}/objects/batch", headers, json.dumps(question).encode()) as answer:
        text = answer.read(LONGEST_ANSWER)
    try:
        return {one["oid"]: one for one in json.loads(text)["objects"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PodshiftError(f"{redact(endpoint.url)} is no Git LFS server") from None


def _fetch(endpoint: Endpoint, pointer: Pointer, told: Mapping[str, Any], store: Path, deadline: float) -> None:
    action = _table(_table(told, "actions"), "download")
    href, reason = action.get("href"), _table(told, "error").get("message")
    if not isinstance(href, str):
        reason = reason if isinstance(reason, str) else "no such object there: was it pushed with git lfs push?"
        raise PodshiftError(f"{redact(endpoint.url)} does not give it: {printable(reason)[:200]}")
    endpoint.check(href)
    headers = {name: value for name, value in _table(action, "header").items() if isinstance(value, str)}
    part = store / f".{pointer.oid}.part"
    try:
        with _opened(href, headers) as answer, part.open("wb") as stream:
            found, size = sha256(), 0
            while (data := answer.read(1024 * 1024)) and size <= pointer.size:
                if time.monotonic() > deadline:
                    raise PodshiftError(f"it was not here within {SECONDS:.0f} s")
                found.update(data)
                size += stream.write(data)
        if (size, found.hexdigest()) != (pointer.size, pointer.oid):
            raise PodshiftError(f"{redact(endpoint.url)} gave another file for {printable(pointer.path)}")
        part.replace(store / pointer.oid)
    finally:
        part.unlink(missing_ok=True)


def _table(above: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """What is there under this key; nothing where the server has something else there."""
    found = above.get(key)
    return found if isinstance(found, dict) else {}


@contextmanager
def _opened(url: str, headers: Mapping[str, str], data: bytes | None = None) -> Iterator[Any]:
    """An answer below 300. Raises PodshiftError for every other, with nothing of what it said."""
    place = redact(url.partition("?")[0])  # what follows may be a signature
    try:
        request = urllib.request.Request(url, data, {"User-Agent": "podshift", **headers})  # noqa: S310 - checked
        with strict_opener().open(request, timeout=SILENT_SECONDS) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        hint = "a private one needs an SSH URL and podshift deploy-key APP" if error.code in (401, 403, 404) else ""
        error.close()
        raise PodshiftError(f"{place} answers {error.code}", hint=hint) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise PodshiftError(f"{place} cannot be reached: {printable(str(reason))}") from None
