"""A Containerfile as its instructions: enough to see what it asks of the engine, and nothing of what it runs.

Its rules are those of BuildKit's parser and of podman's (openshift/imagebuilder), which is a cousin of it. What they
read in different ways is refused: here-documents are one instruction to some, and to others each line is one, so every
line is read as one.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from podshift.manifest.shown import shorten

BLANKS = re.compile(r"[ \t]+")
CONTINUED = re.compile(r"\\[ \t]*$")
DOUBTFUL = re.compile(r"\\\\[ \t]*$")  # BuildKit does not continue such a line, podman and the older builder do
CONTROL = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
ESCAPE = re.compile(r"^[^\S\n]*#[^\S\n]*escape[^\S\n]*=(?![^\S\n]*\\[^\S\n]*$)", re.IGNORECASE | re.MULTILINE)
# By it BuildKit hands the whole build over to another program; Docker's own is the one that reads Containerfiles.
SYNTAX = re.compile(
    r"^[^\S\n]*(?:#|//)[^\S\n]*syntax[^\S\n]*=[^\S\n]*+"
    r"(?!(?:docker\.io/)?docker/dockerfile(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?[^\S\n]*$)",
    re.IGNORECASE | re.MULTILINE,
)
JSON = re.compile(r"(?:#!.*\n)?\s*\{")
# An option as it is written, with a name that no variable or quote can change.
OPTION = re.compile(
    r"""(?P<option>--(?:[a-z][a-z-]*(?:=(?:[!#-&(-\[\]-~]|"[ !#-\[\]-~]*"|'[ -&(-\[\]-~]*')*)?)?)(?:[ \t]+|$)"""
)
HERE_DOCUMENT = re.compile(r"<[<$}]")  # `${x:-<}` may make one, too
HIDEABLE = ("ADD", "COPY", "FROM", "ONBUILD", "RUN")


class Instruction(NamedTuple):
    """`word` in capitals, `rest` as the engine reads it: lines joined; `line` where it begins, from 1."""

    word: str
    rest: str
    line: int

    def split(self) -> tuple[list[str], str]:
        """The options that it begins with, still in their quotes, and what comes after them. Raises ValueError."""
        options, place = [], 0
        while self.rest.startswith("--", place):
            match = OPTION.match(self.rest, place)
            if not match:
                raise ValueError(
                    f"an option of {self.word} that podshift cannot read: write --name=value, no backslash"
                )
            place = match.end()
            if match["option"] == "--":
                break
            options.append(match["option"])
        return options, self.rest[place:]


def read_instructions(text: str) -> list[Instruction]:
    """All instructions; ValueError for what engines could read in another way than this does."""
    text = text.removeprefix("\ufeff")
    for pattern, why in (
        (CONTROL, "a control character (other than tabs and line ends) is more than podshift can read"),
        (ESCAPE, "another escape character than \\ is more than podshift can read"),
        (SYNTAX, "another syntax than docker/dockerfile is more than podshift can read"),
    ):
        if match := pattern.search(text):
            number = text.count("\n", 0, match.start())
            line = text.split("\n")[number]
            raise ValueError(f"line {number + 1}: {why}: {shorten(line, 60)}")
    if JSON.match(text):
        raise ValueError("JSON is more than podshift can read")
    return [_instruction(line, number) for line, number in _joined(text) if line.strip()]


def _joined(text: str) -> Iterator[tuple[str, int]]:
    parts: list[str] = []
    first, in_doubt = 0, False
    for number, line in enumerate(re.split(r"\r?\n", text), start=1):
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            continue
        if DOUBTFUL.search(line):
            raise ValueError(
                f"line {number}: two backslashes at its end are more than podshift can read; end it with one"
            )
        if parts and in_doubt and _may_begin(line):
            raise ValueError(
                f"line {number}: below a here-document, a continued line that could be an instruction is more than "
                "podshift can read; move its first word up to the line before"
            )
        first = first if parts else number
        parts.append(CONTINUED.sub("", line))
        if not CONTINUED.search(line):
            joined, parts = "".join(parts), []
            in_doubt = in_doubt or bool(HERE_DOCUMENT.search(joined))
            yield joined, first
    yield "".join(parts), first


def _may_begin(line: str) -> bool:
    """Whether an instruction may begin here for an engine for which a here-document ends on the line before."""
    word, _ = _first_word(line)
    begun = word.removesuffix("\\")
    return word in HIDEABLE or (begun != word and begun != "" and any(one.startswith(begun) for one in HIDEABLE))


def _instruction(line: str, number: int) -> Instruction:
    word, rest = _first_word(line)
    if word == "ONBUILD":
        word, rest = _first_word(rest)
    return Instruction(word, rest, number)


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = BLANKS.split(text.strip(), maxsplit=1)
    return word.upper(), rest[0] if rest else ""


def words(text: str) -> list[str]:
    """The words of a list: JSON's strings, or what blanks divide, without the quotes and backslashes."""
    if text.startswith("["):
        with suppress(ValueError, RecursionError):  # then it is no JSON to the engine either
            found = json.loads(text)
            if all(isinstance(word, str) for word in found):
                return list(found)
    return [unquoted(word) for word in BLANKS.split(text.strip())]


def unquoted(text: str) -> str:
    """Without the quotes and backslashes that the engine takes out of options and names."""
    return re.sub(r"[\"'\\]", "", text)
