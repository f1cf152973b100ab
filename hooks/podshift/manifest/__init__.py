"""What a pushed repository says of itself: `podshift.toml`, `Procfile`, `app.json` → frozen values, all errors."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from podshift.errors import PodshiftError
from podshift.manifest.app_json import FILE, AppJson, add_app_json, read_app_json
from podshift.manifest.document import read_document
from podshift.manifest.places import CONTAINERFILES, Places, app_path, at, places
from podshift.manifest.procfile import add_procfile, read_procfile
from podshift.manifest.shown import shorten
from podshift.manifest.tables import Faults
from podshift.model import Manifest

__all__ = ["CONTAINERFILES", "Places", "app_path", "at", "parse_manifest", "places"]

LARGEST = 64 * 1024  # bytes; read at every push, and nobody writes so long a manifest by hand
MOST_LINES = 50
# tomllib takes time with the square of a dotted key's parts: 17 s for one of 64 KiB.
DEEP_KEY = re.compile(
    r"""(?<![\\A-Za-z0-9_-])(?>(?:[A-Za-z0-9_-]++|'[^'\n]*+'|"(?:[^"\\\n]|\\.)*+")[ \t]*+\.[ \t]*+){50}"""
)
PLACE = re.compile(r"(?P<why>.*) \(at (?P<where>line \d+, column \d+|end of document)\)", re.DOTALL)

# What is looked for at the top of a pushed commit, and how long these may be.
MANIFEST, PROCFILE, APP_JSON = "podshift.toml", "Procfile", FILE
MANIFEST_BYTES = LARGEST


def parse_manifest(toml_text: str | None, procfile_text: str | None = None, app_json: str | None = None) -> Manifest:
    """The manifest of a commit from its files' text; None: the commit has no such file.

    The Procfile serves where podshift.toml names no command, and app.json where neither says something. The texts are
    untrusted. Raises PodshiftError with every error of all files in `details`, a line each, as `web.port: …`,
    `Procfile line 2: …` or `app.json formation.web.quantity: …`.
    """
    in_toml, in_procfile, in_json = Faults(), Faults(), Faults()
    manifest, commands, others = Manifest(), dict[str, str](), AppJson()
    with in_procfile.kept():
        commands = read_procfile(bounded(procfile_text), in_procfile)
    with in_json.kept():
        others = read_app_json(bounded(app_json), in_json)
    with in_toml.kept():
        manifest = read_document(add_app_json(add_procfile(read_toml(bounded(toml_text)), commands), others))
    if in_toml.found or in_procfile.found or in_json.found:
        raise refusal({
            "podshift.toml": in_toml.lines("podshift.toml"),
            "Procfile": in_procfile.lines("Procfile"),
            APP_JSON: in_json.lines(APP_JSON),
        })  # fmt: skip
    return manifest._replace(before=others.before, after=others.after, notes=others.notes)


def bounded(text: str | None) -> str:
    """The text without its byte order mark, line ends as `\\n`; ValueError when it is too large."""
    if text is None:
        return ""
    if len(text) > LARGEST or len(text.encode("utf-8", "replace")) > LARGEST:
        raise ValueError(f"must not be larger than {LARGEST // 1024} KiB")
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def read_toml(text: str) -> dict[str, Any]:
    if DEEP_KEY.search(text):
        raise ValueError("is nested too deeply")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Faults([(syntax_place(str(error), text), syntax_reason(str(error)))]) from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError:  # Python's own limit: integers of more than 4300 digits
        raise ValueError("has a number with too many digits") from None


def syntax_place(message: str, text: str) -> tuple[str, ...]:
    """`line L, column C`, both from 1, as tomllib counts them; the last character for the end of the text."""
    place = PLACE.fullmatch(message)
    if place and place["where"].startswith("line"):
        return (f"podshift.toml {place['where']}",)
    last = text.count("\n") + 1
    return (f"podshift.toml line {last}, column {len(text) - text.rfind(chr(10))}",)


def syntax_reason(message: str) -> str:
    place = PLACE.fullmatch(message)
    why = shorten(place["why"] if place else message, 100)
    return f"{why[:1].lower()}{why[1:]}"


def refusal(found: Mapping[str, list[str]]) -> PodshiftError:
    files = [name for name, lines in found.items() if lines]
    lines = [line for one in found.values() for line in one]
    count = f"{len(lines)} error{'s' * (len(lines) > 1)}"
    shown = lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        shown.append(f"… and {len(lines) - MOST_LINES} more")
    return PodshiftError(
        f"{' and '.join(files)} {'have' if len(files) > 1 else 'has'} {count}",
        details=tuple(shown),
        hint=f"correct {' and '.join(files)}, commit, and push again",
    )
