"""`Procfile`: a line `NAME: COMMAND` for each process, `release` for the release command."""

import re
from typing import Any

from podshift.manifest.paths import process_name
from podshift.manifest.shown import shown
from podshift.manifest.tables import Faults
from podshift.manifest.values import command

LINE = re.compile(r"(?P<name>[^\s:]+)\s*:(?P<command>.*)")
OWN_TABLES = ("web", "release")


def read_procfile(text: str, faults: Faults) -> dict[str, str]:
    """Process name → its shell line. Bad lines go to `faults`, each with its number."""
    commands: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            with faults.kept(f"Procfile line {number}"):
                name, shell_line = read_line(line.strip())
                if name in commands:
                    raise ValueError(f"{shown(name)} is there twice")
                commands[name] = shell_line
    return commands


def read_line(line: str) -> tuple[str, str]:
    match = LINE.fullmatch(line)
    if not match:
        raise ValueError(f"must be like `web: COMMAND`, not {shown(line)}")
    name, shell_line = match["name"], match["command"].strip()
    if not shell_line:
        raise ValueError(f"{shown(name)} has no command")
    try:
        if name not in OWN_TABLES:
            process_name(name)
        command(shell_line)
    except ValueError as error:
        raise ValueError(f"{shown(name)} {error}") from None
    return name, shell_line


def add_procfile(document: dict[str, Any], commands: dict[str, str]) -> dict[str, Any]:
    """The document of podshift.toml, with the Procfile's lines where it names no command."""
    for name, shell_line in commands.items():
        above = document if name in OWN_TABLES else document.setdefault("process", {})
        own = above.setdefault(name, {}) if isinstance(above, dict) else None
        if isinstance(own, dict):
            own.setdefault("command", shell_line)
    return document
