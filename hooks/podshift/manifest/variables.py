"""What the arguments before the first FROM are, where that is sure."""

import re
import shlex
from collections.abc import Mapping

from podshift.manifest.shown import shorten

VARIABLE = re.compile(r"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?::-(?P<default>[^${}]*))?\})")
LONGEST = 4096  # characters: arguments that are made of arguments double with every line
OF_THE_ENGINE = re.compile(r"(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT|STAGE)")

# A name's value; None where only the engine knows it.
Known = dict[str, str | None]


def declare(rest: str, args: Mapping[str, str], known: Known) -> None:
    """Puts into `known` what an `ARG` declares, after the values that podshift.toml gives. Raises ValueError.

    A name that FROM uses has to be known; another need not be. Engines differ in what declaring one twice means.
    """
    if len(rest) > LONGEST:
        raise ValueError(f"an ARG of more than {LONGEST:,} characters")
    for word in shlex.split(rest):
        name, _, default = word.partition("=")
        if name in known or OF_THE_ENGINE.fullmatch(name):
            known[name] = None
        elif name in args:
            known[name] = args[name]
        else:
            known[name] = _value(default, known)


def _value(default: str, known: Known) -> str | None:
    try:
        return expanded(default, known)
    except ValueError:
        return None


def expanded(text: str, known: Mapping[str, str | None]) -> str:
    """The text with its variables' values; ValueError for one whose value only the engine knows."""

    def value(match: re.Match[str]) -> str:
        name = match["name"] or match["braced"]
        if (found := known.get(name)) is None:
            raise ValueError(f"what ${shorten(name)} is, only the engine knows")
        return found or match["default"] or ""

    if len(text) > LONGEST or len(done := VARIABLE.sub(value, text)) > LONGEST:
        raise ValueError(f"a name of more than {LONGEST:,} characters")
    if re.search(r"[$\\\"'`]", done):
        raise ValueError(f"{shorten(text, 100)} is more than podshift can read")
    return done
