"""The one line that a client asks for, as words. No shell ever sees it; every special character is only itself."""

import shlex
from dataclasses import dataclass

from podshift.errors import PodshiftError
from podshift.report import printable, shorten

LONGEST = 65536
"""Characters; the kernel itself ends at twice as many."""

PUSH, FETCH = "receive-pack", "upload-pack"


@dataclass(frozen=True, slots=True)
class GitRequest:
    """What git's client asks for when it pushes or fetches: which of the two, and the words for the repository."""

    service: str
    repository: str


Words = tuple[str, ...]


def read_request(line: str | None) -> GitRequest | Words:
    """The request of git's client, or the words of a command; none when there is no line. Raises PodshiftError."""
    words = _split(line or "")
    if words[:1] == ("podshift",):
        words = words[1:]
    if not words or not (words[0] == "git" or words[0].startswith("git-")):
        return words
    if words[0] == "git":
        words = ("-".join(words[:2]), *words[2:])
    service = words[0].removeprefix("git-")
    if service not in (PUSH, FETCH):
        raise PodshiftError(f"{_shown(words[0])} is not to be had here", hint="of git, push and fetch are")
    if len(words) != 2 or words[1].startswith("-"):
        raise PodshiftError(f"git {service} goes with one app here, and no options", hint="such as deploy@server:hello")
    return GitRequest(service, words[1])


def _split(line: str) -> Words:
    if len(line) > LONGEST:
        raise PodshiftError(f"that command is longer than {LONGEST:,} characters", hint="send data on standard input")
    if "\0" in line:
        raise PodshiftError("that command has a NUL in it")
    try:
        line.encode()
    except UnicodeEncodeError:
        raise PodshiftError("that command is not UTF-8 text", hint="send data on standard input") from None
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        raise PodshiftError(
            f"that command cannot be read: {str(error).lower()}",
            hint="ssh takes one pair of quotes away itself: ssh deploy@server \"run hello -- sh -c 'echo hi'\"",
        ) from None


def _shown(word: str) -> str:
    return repr(shorten(printable(word), 60))
