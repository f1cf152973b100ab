"""PHP: Apache with the app's document root, and what Composer brings."""

import json
import re
from collections.abc import Sequence
from typing import Any

from podshift.errors import PodshiftError
from podshift.recognise.found import Recognised
from podshift.recognise.shell import shell
from podshift.recognise.tree import Tree
from podshift.recognise.version import Version, within

DEFAULT = "8.4"
ROOTS = ("public", "web", "html", "public_html", ".")
# What Debian's packages and the official image both have: their scripts differ, their files do not.
APACHE = shell(". /etc/apache2/envvars && exec apache2 -DFOREGROUND")
EXTENSION = re.compile(r"ext-([a-z][a-z0-9_]{1,30})")
BUILT_IN = {"ctype", "curl", "date", "dom", "fileinfo", "filter", "hash", "iconv", "json", "libxml", "mbstring",
            "openssl", "pcre", "pdo", "phar", "posix", "session", "simplexml", "sodium", "spl", "tokenizer", "xml",
            "xmlreader", "xmlwriter", "zlib"}  # fmt: skip
# These the official image builds from its own source, and they need no library that it lacks.
BUILDABLE = {"bcmath", "calendar", "exif", "mysqli", "opcache", "pcntl", "pdo_mysql", "sockets"}


def recognise(tree: Tree, command: Sequence[str]) -> Recognised | None:
    there = tree.names()
    package = _package(tree.text("composer.json"))
    required = _texts(package.get("require"))
    root = next((folder for folder in ROOTS if "index.php" in tree.names(folder)), None)
    if root is None and not command:
        raise PodshiftError(
            "this is a PHP app (composer.json), but it has no page to begin with",
            details=(f"looked for index.php in: {', '.join(ROOTS)}",),
            hint="say in a Procfile what serves it: web: COMMAND",
        )
    wanted = sorted(match[1] for name in required if (match := EXTENSION.fullmatch(name)))
    missing = [one for one in wanted if one not in BUILT_IN | BUILDABLE]
    number = within(required.get("php", ""), DEFAULT)
    return Recognised(
        kind="php",
        title="PHP",
        version=Version(number, "composer.json") if number else Version(DEFAULT),
        command=tuple(command) or APACHE,
        reasons=("composer.json" if "composer.json" in there else "index.php", f"Apache, {_shown(root)}"),
        values={
            "root": "" if root in (None, ".") else f"/{root}",
            "composer": tuple(file for file in ("composer.json", "composer.lock") if file in there),
            "whole": _needs_files(package),
            "extensions": tuple(one for one in wanted if one in BUILDABLE),
        },
        notes=tuple(f"ext-{one} is not added: it needs libraries, and a Containerfile of your own" for one in missing),
    )


def _shown(root: str | None) -> str:
    return "index.php" if root in (None, ".") else f"{root}/index.php"


def _package(text: str | None) -> dict[str, Any]:
    try:
        package = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return package if isinstance(package, dict) else {}


def _texts(table: Any) -> dict[str, str]:
    items = table.items() if isinstance(table, dict) else ()
    return {key: value for key, value in items if isinstance(value, str)}


def _needs_files(package: dict[str, Any]) -> bool:
    """Whether packages come from folders of the repository itself: then an install needs all files first."""
    places = package.get("repositories")
    listed = places.values() if isinstance(places, dict) else places if isinstance(places, list) else ()
    return any(isinstance(place, dict) and place.get("type") in ("path", "artifact") for place in listed)
