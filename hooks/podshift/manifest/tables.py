"""Tables of keys, each with the parser of its value; every fault is kept, none hides another.

A parser takes a TOML value and gives what it means, or raises ValueError with the reason ("must be …").
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from podshift.manifest.shown import shown, shown_key

Parser = Callable[[object], Any]
Fault = tuple[tuple[str, ...], str]


class Faults(ValueError):  # noqa: N818 - it is all of them, not one error
    """All that is wrong with a value: the keys that lead to each fault, outermost first, and the reason."""

    def __init__(self, found: list[Fault] | None = None) -> None:
        super().__init__()
        self.found = found or []

    @contextmanager
    def kept(self, *keys: str) -> Iterator[None]:
        """Keep the faults of the block, as faults below `keys`, and go on."""
        try:
            yield
        except Faults as deeper:
            self.found += [((*keys, *path), reason) for path, reason in deeper.found]
        except ValueError as error:
            self.found.append((keys, str(error)))

    def raise_any(self) -> None:
        if self.found:
            raise self

    def lines(self, file: str) -> list[str]:
        """A line each, as a person reads it; a fault without a key is the whole file's."""
        return [f"{'.'.join(path) or file}: {reason}" for path, reason in self.found]


def table(
    keys: Mapping[str, Parser],
    make: Callable[..., Any] = dict,
    *,
    required: Mapping[str, str] | None = None,
    elsewhere: Mapping[str, str] | None = None,
) -> Parser:
    """A parser of a table of known keys, which gives `make(**values)`.

    `required` has what to say of a key that is not there, `elsewhere` of one that only another table knows.
    """

    def parse(value: object) -> Any:
        faults, read = Faults(), {}
        given = as_table(value)
        for key, item in given.items():
            with faults.kept(shown_key(key)):
                if key not in keys:
                    raise ValueError((elsewhere or {}).get(key) or unknown(key, keys))
                read[key] = keys[key](item)
        faults.found += [((key,), why) for key, why in (required or {}).items() if key not in given]
        faults.raise_any()
        return make(**read)

    return parse


def mapping(name: Callable[[str], None], item: Parser) -> Parser:
    """A parser of a table whose keys the person chooses; `name` raises ValueError for a key that is none."""

    def parse(value: object) -> dict[str, Any]:
        faults, read = Faults(), {}
        for key, given in as_table(value).items():
            with faults.kept(shown_key(key)):
                name(key)
                read[key] = item(given)
        faults.raise_any()
        return read

    return parse


def as_table(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ValueError(f"must be a table, not {shown(value)}")


def unknown(key: str, known: Mapping[str, Parser]) -> str:
    from difflib import get_close_matches  # only a push that is refused anyway pays for it

    near = get_close_matches(key, known, n=1) if len(key) <= 20 else []
    if near:
        return f'unknown key; did you mean "{near[0]}"?'
    return f"unknown key; known are {', '.join(known)}" if len(known) <= 5 else "unknown key"
