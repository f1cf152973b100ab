"""Untrusted text made harmless, and text made to fit: what comes out of a push ends on a terminal."""

import re
import unicodedata
from collections.abc import Sequence

WIDTH = 72
"""Columns of a line: git puts `remote: ` before it, and a terminal may have no more than 80."""

LONGEST = 4096
"""Characters after which a line is cut: some builds print a whole file in one line."""

# No part may run over what begins another sequence: then the time grows with the text's length, and not its square.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"  # CSI: colours, cursor, erase
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])"  # OSC, DCS and their like: this begins them,
    r"[^\x07\x1b\x90\x98\x9c-\x9f]*+(?:\x07|\x1b\\|\x9c)"  # and this ends them
    r"|\x1b[ -/]*[0-Z\\`-~]"  # two-character escapes
)
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad"
    r"\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # bidi overrides, the invisible
    r"\ud800-\udfff"  # bytes that were no UTF-8
    r"\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """One line of text that cannot move a cursor, hide or reorder anything.

    Colours and other terminal sequences go; of a progress line that overwrites itself the last state stays;
    tabs become spaces; what is still no visible character is shown as `\\x07`; 4,096 characters at most.
    """
    if not text.isprintable():
        text = _last_state(_SEQUENCE.sub("", text)).expandtabs()
        text = _UNSAFE.sub(_escaped, text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _last_state(text: str) -> str:
    states = [state for state in text.split("\r") if state.strip()]
    return states[-1] if states else ""


def _escaped(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def columns(text: str) -> int:
    """The columns that the text takes on a terminal: none for accents, two for wide characters."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, width: int) -> str:
    """The text in at most `width` columns; an ellipsis says that something is missing."""
    if columns(text) <= width:
        return text
    kept, room = [], width - 1
    for character in text:
        room -= _columns_of(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def both_ends(lines: Sequence[str], first: int, last: int) -> tuple[str, ...]:
    """The first and the last of the lines, with a word on how many are left out between: programs say what is wrong
    before a long trace (Ruby, Node) or after it (Python)."""
    out = len(lines) - first - last
    if out <= 1:
        return tuple(lines)
    return (*lines[:first], f"({out} lines left out)", *lines[-last:])


def wrap(text: str, width: int = WIDTH) -> list[str]:
    """The text in lines of at most `width` columns, broken at ` · ` where that is enough, else at spaces.

    A longer word (a path, a URL) stays whole, so that it can be copied.
    """
    head, dot, tail = text.rpartition(" · ")
    if columns(text) > width and dot and columns(head) + 2 <= width:
        return [f"{head} ·", *wrap(tail, width)]
    lines: list[str] = []
    while columns(text) > width:
        line, text = _break(text, width)
        lines.append(line)
    return [*lines, text] if text or not lines else lines


def _break(text: str, width: int) -> tuple[str, str]:
    """The longest beginning that fits and ends before a space, or else the first word; and the rest."""
    end = len(text) - len(text.lstrip())
    while (space := text.find(" ", end + 1)) >= 0:
        if columns(text[:space]) > width:
            break
        end = space
    if not text[:end].strip():
        end = space if space >= 0 else len(text)
    return text[:end].rstrip(), text[end:].lstrip()
