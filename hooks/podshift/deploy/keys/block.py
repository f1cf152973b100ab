"""podshift's lines among those of authorized_keys(5): a block for each installation. Pure: text in, text out.

A line is podshift's because of the command in it, wherever it stands, so a damaged block is mended without touching
what belongs to others.
"""

import re
import shlex
import sys
from collections.abc import Iterable

from podshift.deploy.keys.public import TYPES
from podshift.errors import PodshiftError
from podshift.records import Key
from podshift.settings import Home

DOOR = "podshift.access"


def line_of(home: Home, key: Key) -> bytes:
    """The key may start this one command, and have a terminal for it: no shell, no forwarding, no ~/.ssh/rc.

    The command is given to the user's shell, by sshd, so each of its words is quoted.
    """
    command = f"{shlex.quote(sys.executable)} {_tail(home)}{shlex.quote(key.fingerprint)}"
    if re.search(r"[\r\n\0]", command):
        raise PodshiftError(f"the path {sys.executable!r} has a line break in it", hint="install podshift elsewhere")
    return _bytes(f'restrict,pty,command="{_escaped(command)}" {key.type} {key.blob} {key.name}')


def with_keys(text: bytes, home: Home, keys: Iterable[Key]) -> bytes:
    """`text` with exactly these keys in this home's block; every other line stays byte for byte."""
    lines = [line_of(home, key) for key in keys]
    block = [_begin(home), *lines, _end(home)] if lines else []
    kept: list[bytes] = []
    place = None
    for line in _lines(text):
        if _is_own(line, home):
            place = len(kept) if place is None else place
        else:
            kept.append(line)
    if place is None:  # at the end: where a key has a line of its own too, sshd takes the first
        place = len(kept)
        if kept and block and not kept[-1].endswith(b"\n"):
            kept[-1] += b"\n"
    kept[place:place] = [line + b"\n" for line in block]
    return b"".join(kept)


def others(text: bytes, home: Home) -> bytes:
    """All but this home's block."""
    return with_keys(text, home, ())


def lines_with(text: bytes, blob: str) -> list[bytes]:
    """The lines in which this key has a way in."""
    return [line for line in _entries(text).values() if _bytes(blob) in line.split()]


def shells(text: bytes) -> list[int]:
    """The numbers of the lines that give whoever has the key a whole shell."""
    return [number for number, line in _entries(text).items() if b'command="' not in _options(line).lower()]


def is_door(line: bytes) -> bool:
    """Does it lead into an installation of podshift?"""
    return f" -m {DOOR} ".encode() in line


def _lines(text: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", text)


def _entries(text: bytes) -> dict[int, bytes]:
    """By the number of their line: what is neither empty nor a comment."""
    stripped = ((number, line.strip()) for number, line in enumerate(_lines(text), 1))
    return {number: line for number, line in stripped if line and not line.startswith(b"#")}


def _options(line: bytes) -> bytes:
    """What stands before the key's type, with its quoted blanks; nothing where the type comes first."""
    found = re.match(rb'(?:[^\s"]|"(?:\\"|[^"])*")+', line)
    first = found[0] if found else b""
    return b"" if first.decode(errors="replace") in TYPES else first


def _is_own(line: bytes, home: Home) -> bool:
    bare = line.rstrip(b"\r\n")
    if bare.startswith(b"#"):
        return bare in (_begin(home), _end(home))
    return _bytes(_escaped(_tail(home))) in _options(bare)


def _begin(home: Home) -> bytes:
    return _bytes(f"# podshift begins: keys of {home.path} (podshift keys changes them)")


def _end(home: Home) -> bytes:
    return _bytes(f"# podshift ends: keys of {home.path}")


def _tail(home: Home) -> str:
    return f"-I -X utf8 -m {DOOR} {shlex.quote(str(home.path))} "


def _escaped(command: str) -> str:
    """Within the double quotes of an option, where sshd knows one escape only."""
    return command.replace('"', '\\"')


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
