"""Config variables: what a name may be, and reading them from words and files."""

import re
import sys
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path

from podshift.errors import PodshiftError

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OWN_PREFIX = "PODSHIFT_"
STDIN = Path("-")


def check_name(name: str) -> str:
    """The name itself, or PodshiftError: some are always given by podshift, and must say what is true."""
    if not NAME.fullmatch(name):
        raise PodshiftError(f"{name!r} is no name for a variable", hint="letters, digits and _, no digit first")
    if name == "PORT":
        raise PodshiftError("PORT is given by podshift", hint="set web.port in podshift.toml")
    if name.startswith(OWN_PREFIX):
        raise PodshiftError(f"{name} is given by podshift", hint=f"choose a name without {OWN_PREFIX}")
    return name


def check_value(name: str, value: str) -> str:
    """Any text but NUL, which no environment can hold. Raises PodshiftError, which does not show the value."""
    if "\0" in value:
        raise PodshiftError(f"the value of {name} has a NUL in it")
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that were none came from a shell
        raise PodshiftError(
            f"the value of {name} is not UTF-8 text", hint="encode it, with base64 for example"
        ) from None
    return value


def read_env_file(path: Path) -> dict[str, str]:
    """Variables of a `.env` file, as python-dotenv reads them, with nothing put in for `$NAME`; `-` is stdin."""
    from dotenv import dotenv_values

    where = "standard input" if path == STDIN else path
    try:
        text = sys.stdin.buffer.read().decode() if path == STDIN else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PodshiftError(f"{where} cannot be read: {error}") from None
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    if not values:
        raise PodshiftError(f"{where} has no variables", hint="one NAME=value a line")
    bare = [name for name, value in values.items() if value is None]
    if bare:
        raise PodshiftError(f"{where}: {', '.join(bare)} without a value", hint="NAME= gives the empty value")
    return {check_name(name): check_value(name, value) for name, value in values.items() if value is not None}


def without(variables: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """All but these. Raises PodshiftError for one that is not set."""
    missing = [name for name in names if name not in variables]
    if missing:
        raise PodshiftError(f"{', '.join(missing)} not set", hint="podshift config APP lists them")
    return {name: value for name, value in variables.items() if name not in set(names)}
