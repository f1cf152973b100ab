"""Versions of languages, as the usual files ask for them. What comes out has digits and dots only."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from podshift.recognise.tree import Tree

Numbers = tuple[int, ...]
EXACT = re.compile(r"(?:c?python-|ruby-|node-|v)?(\d{1,3}(?:\.\d{1,4}){0,2})(?![\d.])")
ALTERNATIVES = re.compile(r"\|\|?")
# `20.x` is all of 20; what stands for nothing, such as `*`, asks for nothing.
PART = re.compile(r"(\^|~>|~=|~|>=|<=|>|<|===?|=|!=)?\s*v?(?<![\d.])(\d{1,3}(?:\.\d{1,4})*)(?!\d)")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Version:
    """`source` is the file that asks for it; empty: nobody asks, and it is podshift's choice."""

    number: str
    source: str = ""


Reader = Callable[[str | None, int], str | None]


def exact(text: str | None, parts: int) -> str | None:
    """The version that a file of one line names (`3.11.4`, `v20`, `python-3.11.4`), its first `parts` numbers."""
    lines = (line.strip().lower() for line in (text or "").split("\n"))
    line = next((line for line in lines if line and not line.startswith("#")), "")
    match = EXACT.match(line)
    return ".".join(match[1].split(".")[:parts]) if match else None


def of_files(tree: Tree, files: Sequence[str], parts: int, read: Reader = exact) -> tuple[Version | None, list[str]]:
    """What the first of these files of one line asks for that can be read, and a note on each before it that cannot."""
    notes: list[str] = []
    for file in files:
        if file not in tree.names():
            continue
        if number := read(tree.text(file), parts):
            return Version(number, file), notes
        notes.append(f"{file} names no version that podshift can read, and is passed over")
    return None, notes


def within(wanted: str, default: str) -> str | None:
    """A version that satisfies a range as pyproject.toml, package.json or composer.json write it; else None.

    It has as many numbers as `default`, which is taken where it satisfies; else the highest that is known to exist,
    else the lowest that does.
    """
    chosen = [_choose(bounds, _numbers(default)) for bounds in _ranges(wanted[:LONGEST], default.count(".") + 1)]
    texts = [".".join(map(str, numbers)) for numbers in chosen]
    return default if default in texts else max(texts, key=_numbers, default=None)


def _ranges(wanted: str, parts: int) -> list[tuple[Numbers, Numbers]]:
    """For each alternative the lowest version, and the lowest that is too high; `parts` numbers each."""
    found = []
    for alternative in ALTERNATIVES.split(re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", wanted)):
        low, high = (0,) * parts, (9999,) * parts
        matches = [match for match in PART.finditer(alternative) if match[1] != "!="]
        for match in matches:
            least, most = _bounds(match[1] or "=", _numbers(match[2]), parts)
            low, high = max(low, least), min(high, most)
        if matches and low < high:
            found.append((low, high))
    return found


def _bounds(operator: str, given: Numbers, parts: int) -> tuple[Numbers, Numbers]:
    """An operator with `~` is read as narrowly as any language does."""
    base = (*given, *(0,) * parts)[:parts]
    beyond = _next(given[:parts], parts)
    match operator:
        case ">=" | ">":
            return base, (9999,) * parts
        case "<":
            return (0,) * parts, beyond if any(given[parts:]) else base
        case "<=":
            return (0,) * parts, beyond
        case "^":
            return base, _next(given[:1], parts)
    return base, beyond


def _choose(bounds: tuple[Numbers, Numbers], default: Numbers) -> Numbers:
    low, high = bounds
    if low <= default < high or high[-1] == 0:
        return default if low <= default < high else low
    return max(low, (*high[:-1], high[-1] - 1)) if high[0] < 9999 else low


def _next(numbers: Numbers, parts: int) -> Numbers:
    """The first version after all that begin with these numbers."""
    return (*numbers[:-1], numbers[-1] + 1, *(0,) * (parts - len(numbers)))


def _numbers(text: str) -> Numbers:
    return tuple(map(int, text.split(".")))
