"""Untrusted values and keys, made harmless and short for a terminal."""

import re

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def shorten(text: str, longest: int = 40) -> str:
    """At most `longest` characters of the text, everything unprintable escaped."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def shown(value: object) -> str:
    """A TOML value as it looks in the file; lists and tables only by their kind."""
    match value:
        case str():
            return f'"{shorten(value)}"'
        case bool():
            return str(value).lower()
        case int() if value.bit_length() > 64:
            return "a huge number"  # Python refuses to print the largest
        case dict():
            return "a table"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return shorten(str(value))


def shown_key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) and len(key) <= 40 else f'"{shorten(key)}"'
