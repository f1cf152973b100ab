"""How a deploy is to be done, as far as whoever asks for it may say: in push options, or to `podshift deploy`."""

import re
from typing import NamedTuple

from podshift.errors import PodshiftError
from podshift.model import Order, Process
from podshift.records import App

PERCENT = re.compile(r"([1-9][0-9]?)%?")
MOST_CHARACTERS = 200
CANARY_HINT = "canary=10 gives the new release 10 % of the requests for the time of web.watch, and then all"


class Options(NamedTuple):
    """`canary` is a percentage of the requests; `message` says for people what this deploy is for."""

    use_cache: bool = True
    canary: int | None = None
    message: str | None = None


ORDINARY = Options()


def read_canary(text: str) -> int:
    """A percentage from 1 to 99, or PodshiftError: none and all are no canary."""
    if match := PERCENT.fullmatch(text):
        return int(match[1])
    raise PodshiftError(f"canary must be a whole percentage from 1 to 99, not {text[:40]!r}", hint=CANARY_HINT)


def read_message(text: str) -> str:
    """One line that can be shown as it is, or PodshiftError."""
    message = text.strip()
    if not message:
        raise PodshiftError("the message is empty", hint="leave it out, or say what this deploy is for")
    if not message.isprintable():
        raise PodshiftError("the message must be one line of printable text", hint=f"it was read as {message[:60]!a}")
    if len(message) > MOST_CHARACTERS:
        raise PodshiftError(
            f"the message has {len(message):,} characters, and {MOST_CHARACTERS} are the most",
            hint="the longer story has its place in the commit's message",
        )
    return message


def check_process(options: Options, app: App, web: Process) -> None:
    """Raises PodshiftError where the app and its podshift.toml leave no room for the canary that is asked for."""
    if options.canary is None:
        return
    if app.by_alias:
        raise PodshiftError(
            f"a canary needs podshift's own proxy, and {app.name} is led to by its network alias alone",
            hint="deploy without canary",
        )
    if web.order is Order.STOP_FIRST:
        raise PodshiftError(
            'a canary needs two releases at once, and [web] order = "stop-first" forbids that',
            hint="deploy without canary",
        )
    if not web.watch:
        raise PodshiftError(
            'a canary is watched for the time of [web] watch, and that is "0s"',
            hint='write a time into podshift.toml, such as watch = "30s", or deploy without canary',
        )
