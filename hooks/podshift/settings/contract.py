"""The contract of `settings.toml`: every key, and what its value may be.

A push waits for this too, so a rule is a comparison and its words, and what only an error needs is imported there.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

Rule = tuple[Callable[[Any], bool], str]
Table = Mapping[str, Rule]

NOWHERE = "none"
PACKAGE_INDEXES = ("none", "host")
BYTES = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
LEAST_MEMORY, MOST_MEMORY = 4 * BYTES["m"], 9999 * BYTES["g"]  # engines start no container with less than about 4m
# What the Containerfiles that podshift renders begin with; `{version}` is what the app asks for.
BASE_IMAGES = {
    "python": "docker.io/library/python:{version}-slim-bookworm",
    "node": "docker.io/library/node:{version}-bookworm-slim",
    "go": "docker.io/library/golang:{version}-bookworm",
    "ruby": "docker.io/library/ruby:{version}-slim-bookworm",
    "php": "docker.io/library/php:{version}-apache-bookworm",
    "composer": "docker.io/library/composer:2",
    "static": "docker.io/library/caddy:2-alpine",
    "debian": "docker.io/library/debian:bookworm-slim",
}


def is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def is_address(value: object) -> bool:
    """ADDR:PORT; whether the machine has that address is the engine's to say."""
    host, _, port = value.rpartition(":") if is_text(value) else ("", "", "")
    return bool(host) and port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536


def is_memory(value: object) -> bool:
    """As engines take it: bytes, or with a unit."""
    text = value.lower() if is_text(value) else ""
    unit = text[-1:] if text[-1:] in BYTES else ""
    count = text.removesuffix(unit)
    if not (count.isascii() and count.isdigit() and len(count) <= 15):
        return False
    return LEAST_MEMORY <= int(count) * BYTES[unit or "b"] <= MOST_MEMORY


def whole_number(low: int, high: int) -> Rule:
    """TOML's true and false are Python's 1 and 0, and no numbers here."""
    return lambda value: type(value) is int and low <= value <= high, f"a whole number from {low:,} to {high:,}"


def one_of(*choices: str) -> Rule:
    return lambda value: value in choices, " or ".join(choices)


TEXT: Rule = is_text, "a string"
TEXTS: Rule = lambda value: isinstance(value, list) and all(map(is_text, value)), "a list of strings"
FOLDER: Rule = lambda value: is_text(value) and value[:1] in ("", "/"), "the path of a folder, or empty"
ADDRESS: Rule = is_address, "an address such as 0.0.0.0:80"
SECONDS = whole_number(1, 86_400)
MEGABYTES = whole_number(0, 1_000_000_000)

EDGE: Table = {
    "http": ADDRESS,
    "https": ADDRESS,
    "email": TEXT,
    "internal": (lambda value: isinstance(value, bool), "true or false"),
    "acme_ca": TEXT,
    "acme_root": TEXT,
    "image": TEXT,
    "listen_before": (lambda value: value == "" or is_address(value), f"{ADDRESS[1]}, or empty"),
}

RULES: Mapping[str, Rule | Table] = {
    "engine": one_of("podman", "docker"),
    "engine_options": TEXTS,
    "run_options": TEXTS,
    "reasons": TEXTS,
    "runtime_folder": FOLDER,
    "listen": (lambda value: value == NOWHERE or is_address(value), f"{ADDRESS[1]}, or {NOWHERE}"),
    "proxy_image": TEXT,
    "backends": whole_number(1, 4096),
    "keep_images": whole_number(0, 1000),
    "storage": FOLDER,
    "min_free_mb": MEGABYTES,
    "warn_free_mb": MEGABYTES,
    "engine_seconds": SECONDS,
    "build_seconds": SECONDS,
    "edge": EDGE,
    "settle_seconds": whole_number(0, 3600),
    "build_memory": (lambda value: value == "" or is_memory(value), "a size such as 512m or 2g, or empty"),
    "parallel_builds": whole_number(1, 100),
    "base_images": dict.fromkeys(BASE_IMAGES, (lambda value: is_text(value) and value != "", "the name of an image")),
    "package_index": one_of(*PACKAGE_INDEXES),
    "max_push_mb": whole_number(1, 1_000_000),
}


def faults(values: Mapping[str, object], rules: Mapping[str, Rule | Table] = RULES, above: str = "") -> list[str]:
    """What is wrong with each key, in the order of the file; `above` is the name of the table, with its dot."""
    found = []
    for key, value in values.items():
        rule = rules.get(key)
        if rule is None:
            found.append(_unknown(above, key, rules))
        elif isinstance(rule, tuple):
            allowed, words = rule
            if not allowed(value):
                found.append(f"{above}{key} must be {words}, not {_shown(value)}")
        elif isinstance(value, dict):
            found += faults(value, rule, f"{above}{key}.")
        else:
            found.append(f"{above}{key} must be a table, not {_shown(value)}")
    return found


def _unknown(above: str, key: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    from podshift.report import printable, shorten

    near = get_close_matches(key, known, n=1) if len(key) <= 40 else []
    return f"unknown key {above}{shorten(printable(key), 40)}" + (f'; did you mean "{near[0]}"?' if near else "")


def _shown(value: object) -> str:
    """Lists and tables only by their kind."""
    from podshift.report import shorten

    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"  # Python refuses to print the largest
    return shorten(repr(value) if is_text(value) else str(value), 40)
