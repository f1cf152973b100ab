"""A Containerfile as its instructions: enough to see what it asks of the engine, and nothing of what it runs."""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

ESCAPE = re.compile(r"^[ \t]*#[ \t]*escape[ \t]*=", re.IGNORECASE | re.MULTILINE)
CONTINUED = re.compile(r"\\[ \t]*$")
VARIABLE = re.compile(r"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[^${}]*))?\})")
# By it BuildKit hands the whole build over to another program; Docker's own is the one that reads Containerfiles.
SYNTAX = re.compile(r"^[ \t]*(?:#|//)[ \t]*syntax[ \t]*=[ \t]*(\S*)", re.IGNORECASE | re.MULTILINE)
OWN_SYNTAX = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")
HIDING_DELIMITER = re.compile(r"<<-?\s*[\"']*#")


class Instruction(NamedTuple):
    """`word` in capitals, `rest` as the engine reads it: lines joined; `line` where it begins, from 1."""

    word: str
    rest: str
    line: int

    @property
    def plain(self) -> str:
        """Without the quotes and backslashes that the engine takes out of options and names."""
        return re.sub(r"[\"'\\]", "", self.rest)


def read_instructions(text: str) -> list[Instruction]:
    """All instructions; ValueError for what engines could read in another way than this does."""
    if ESCAPE.search(text):
        raise ValueError("another escape character is more than podshift can read")
    for match in SYNTAX.finditer(text):
        if not OWN_SYNTAX.fullmatch(match[1]):
            raise ValueError(f"another syntax than docker/dockerfile is more than podshift can read: {match[1]}")
    if text.removeprefix("\ufeff").lstrip().startswith("{"):
        raise ValueError("JSON is more than podshift can read")
    if HIDING_DELIMITER.search(text):
        raise ValueError("a here-document whose end begins with # is more than podshift can read")
    return [_instruction(line, number) for line, number in _joined(text) if line.strip()]


def _joined(text: str) -> Iterator[tuple[str, int]]:
    begun, first = "", 0
    for number, line in enumerate(re.split(r"\r?\n", text.removeprefix("\ufeff")), start=1):
        if line.lstrip().startswith("#") or (begun and not line.strip()):
            continue
        first = first if begun else number
        begun += CONTINUED.sub("", line)
        if not CONTINUED.search(line):
            yield begun, first
            begun = ""
    yield begun, first


def _instruction(line: str, number: int) -> Instruction:
    word, rest = (*line.split(maxsplit=1), "", "")[:2]
    return _instruction(rest, number) if word.upper() == "ONBUILD" else Instruction(word.upper(), rest.strip(), number)


def declared(rest: str, args: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """What an `ARG` before the first `FROM` declares, after the values that podshift.toml gives. Raises ValueError."""
    found: dict[str, str] = {}
    for word in shlex.split(rest):
        name, _, default = word.partition("=")
        with suppress(ValueError):  # a name that FROM uses has to be known; another need not be
            found[name] = args[name] if name in args else expanded(default, {**known, **found})
    return found


def expanded(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables' values; ValueError for one whose value only the engine knows."""

    def value(match: re.Match[str]) -> str:
        name = match["name"] or match["braced"]
        if name not in known:
            raise ValueError(f"what ${name} is, only the engine knows")
        return known[name] or match["default"] or ""

    done = VARIABLE.sub(value, text)
    if re.search(r"[$\\\"'`]", done):
        raise ValueError(f"{text} is more than podshift can read")
    return done
