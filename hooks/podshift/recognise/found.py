"""What recognising gives: everything that a Containerfile is rendered from."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podshift.recognise.version import Version

# What is put into a Containerfile as a word of a line: a name of a file, a module, a package.
WORD = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_.@/+-]{0,99}")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A kind of app, and how it is built.

    `kind` names the template and the base image, `command` is what the image runs; `reasons` are the files and the
    command that made it so, as a person reads them; `values` are the template's further ones; `notes` what somebody
    should know. Nothing in it but the command, which is rendered as JSON, is the repository's own text: all other
    words were checked.
    """

    kind: str
    title: str
    version: Version
    command: tuple[str, ...]
    reasons: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """`Python 3.11, requirements.txt, gunicorn app:app`"""
        return ", ".join((f"{self.title} {self.version.number}".rstrip(), *self.reasons))

    @property
    def base(self) -> str:
        """The name of the base image whose version this is."""
        return "node" if self.kind == "site" else self.kind

    @property
    def command_array(self) -> str:
        """One line of JSON, whatever the command has in it."""
        return json.dumps(self.command)


def word(text: str) -> str | None:
    """The text, when it can be a word of a Containerfile's line and a path inside the tree; else None."""
    path = text.removeprefix("./")
    return path if WORD.fullmatch(path) and ".." not in path and "//" not in path else None
