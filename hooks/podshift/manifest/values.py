"""Parsers of single values. Each gives what the value means or raises ValueError with the reason."""

import re
from collections.abc import Callable
from typing import NoReturn, TypeGuard

from podshift.manifest.shown import shown
from podshift.model import Order

# A value becomes one argument, rendered on one line; half a surrogate pair cannot be written as UTF-8 at all.
BREAKS_A_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
DURATION = re.compile(r"(?P<count>[0-9]{1,9}(?:\.[0-9]{1,9})?)(?P<unit>ms|s|m)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
LONGEST = 3600  # seconds
MEMORY = re.compile(r"(?P<count>[0-9]{1,15})(?P<unit>[bkmg]?)")
BYTES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
STATUS = re.compile(r"([1-5][0-9][0-9])(?:-([1-5][0-9][0-9]))?")
PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%")
STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
# What a path or a query needs and HAProxy gives no meaning of its own: `;` would end a runtime command,
# `,` and `)` an argument, `$` and `#` are the config file's, `%[` starts an expression.
URL_PATH = re.compile(r"/(?:[A-Za-z0-9._~/?&=+:@-]|%[0-9A-Fa-f]{2})*")


def refuse(value: object, wanted: str) -> NoReturn:
    raise ValueError(f"must be {wanted}, not {shown(value)}")


def is_number(value: object) -> TypeGuard[int | float]:
    """TOML's true and false are Python's 1 and 0, and no numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole_number(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        refuse(value, f"a whole number from {low} to {high}")

    return parse


def number(low: float, high: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        if is_number(value) and low <= value <= high:
            return float(value)
        refuse(value, f"a number from {low:g} to {high:g}")

    return parse


def order(value: object) -> Order:
    if isinstance(value, str) and value in tuple(Order):
        return Order(value)
    refuse(value, " or ".join(f'"{one}"' for one in Order))


def duration(value: object) -> float:
    """Seconds, from `500ms`, `30s`, `2m` or a plain number of seconds; at most an hour."""
    seconds: float = -1
    if is_number(value):
        seconds = value
    elif isinstance(value, str) and (match := DURATION.fullmatch(value)):
        seconds = float(match["count"]) * SECONDS[match["unit"]]
    if 0 <= seconds <= LONGEST:
        return float(seconds)
    refuse(value, f'a time such as "500ms", "30s" or "2m", at most {LONGEST} seconds')


def longer_than_nothing(value: object) -> float:
    return duration(value) or refuse(value, 'more than no time, such as "10m"')


def share(value: object) -> float:
    """From 0 to 1, from `10%` or 0.1."""
    part: float = -1
    if is_number(value):
        part = value
    elif isinstance(value, str) and (match := PERCENT.fullmatch(value)):
        part = float(match[1]) / 100
    if 0 <= part <= 1:
        return float(part)
    refuse(value, 'a share such as "10%" or 0.1, at most "100%"')


def memory(value: object) -> str:
    """As the engine takes it: `512m`, `1g`, or bytes. Engines start no container with less than about 4m."""
    text = str(value).lower() if isinstance(value, str) else ""
    match = MEMORY.fullmatch(text)
    if match and 4 * BYTES["m"] <= int(match["count"]) * BYTES[match["unit"]] <= 9999 * BYTES["g"]:
        return text
    refuse(value, 'a size such as "512m" or "1g", from "4m" to "9999g"')


def status(value: object) -> tuple[tuple[int, int], ...]:
    """Ranges of HTTP status codes, both ends included."""
    codes = str(value) if isinstance(value, int) and 0 <= value <= 999 else value
    parts = codes.split(",") if isinstance(codes, str) and len(codes) <= 100 else []
    matches = [STATUS.fullmatch(part.strip()) for part in parts]
    ranges = tuple((int(match[1]), int(match[2] or match[1])) for match in matches if match)
    if ranges and len(ranges) == len(matches) and all(low <= high for low, high in ranges):
        return ranges
    refuse(value, 'HTTP status codes such as "200-299" or "200,204,300-399"')


def url_path(value: object) -> str:
    if isinstance(value, str) and len(value) <= 200 and URL_PATH.fullmatch(value):
        return value
    refuse(value, "a path that starts with / and has only letters, digits, -._~/?&=+:@ and %20 and the like")


def one_line(value: object) -> str:
    if not isinstance(value, str):
        refuse(value, "a string")
    if BREAKS_A_LINE.search(value):
        refuse(value, "one line without control characters")
    return value


def command(value: object) -> tuple[str, ...]:
    """An argument list; a string is a shell line."""
    if isinstance(value, str) and value.strip():
        return ("/bin/sh", "-c", one_line(value))
    if isinstance(value, list) and value and value[0] != "":
        return tuple(one_line(part) for part in value)
    refuse(value, 'a command such as ["python", "app.py"] or "python app.py"')


def stage(value: object) -> str:
    if isinstance(value, str) and STAGE.fullmatch(value):
        return value
    refuse(value, "the name of a build stage")
