"""Config variables: what a name may be, and reading them from words and files."""

import re
import sys
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from podshift.errors import PodshiftError

if TYPE_CHECKING:
    from dotenv.parser import Binding

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OWN_PREFIX = "PODSHIFT_"
STDIN = Path("-")
ENCODE = "encode it, with base64 for example"


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
        raise PodshiftError(f"the value of {name} has a NUL in it", hint=ENCODE)
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that were none came from a shell
        raise PodshiftError(f"the value of {name} is not UTF-8 text", hint=ENCODE) from None
    return value


def read_env_file(path: Path) -> dict[str, str]:
    """Variables of a `.env` file, as python-dotenv reads them, with nothing put in for `$NAME`; `-` is stdin.

    Raises PodshiftError with the line of the first that cannot be.
    """
    from dotenv.parser import parse_stream  # dotenv_values() only warns of a bad line, and leaves it out

    where = "standard input" if path == STDIN else path
    try:
        text = sys.stdin.buffer.read().decode() if path == STDIN else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PodshiftError(f"{where} cannot be read: {error}") from None
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        try:
            values |= _variable(binding)
        except PodshiftError as error:
            raise PodshiftError(f"{where}, line {_line(binding)}: {error.message}", hint=error.hint) from None
    if not values:
        raise PodshiftError(f"{where} has no variables", hint="one NAME=value a line")
    return values


def _variable(binding: "Binding") -> dict[str, str]:
    """Nothing for a comment. Raises PodshiftError, which does not know the line."""
    if binding.error:
        raise PodshiftError("no NAME=value", hint="one a line, with quotes around a value of several lines")
    if binding.key is None:
        return {}
    name = check_name(binding.key)
    if binding.value is None:
        raise PodshiftError(f"{name} without a value", hint=f"{name}= gives the empty value")
    return {name: check_value(name, binding.value)}


def _line(binding: "Binding") -> int:
    """Where it begins; the parser's own number is that of the empty lines before it."""
    text = binding.original.string
    empty = text[: len(text) - len(text.lstrip())]
    return binding.original.line + empty.count("\n")


def without(variables: Mapping[str, str], names: Iterable[str], app: str) -> dict[str, str]:
    """All of the app's but these. Raises PodshiftError for one that is not set."""
    missing = [name for name in names if name not in variables]
    if missing:
        raise PodshiftError(f"{', '.join(missing)} not set", hint=f"podshift config {app} lists them")
    return {name: value for name, value in variables.items() if name not in set(names)}
