"""Telling others how a deploy ended: in a process of its own, which the deploy neither waits for nor fails with."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.records import Event

# What puts a release live on purpose, and how it may end.
KINDS = ("deploy", "rollback")
OUTCOMES = ("ok", "failed")


def check_target(words: tuple[str, ...]) -> str:
    """A URL or a command line as it is kept. Raises PodshiftError for what could never work."""
    target = words[0] if len(words) == 1 else shlex.join(words)
    if is_url(target):
        if not urlsplit(target).hostname:
            raise PodshiftError(f"{target!r} has no host in it", hint="such as https://chat.example.com/hooks/1")
        return target
    if "://" in target.split()[0]:
        raise PodshiftError(f"{target!r} is neither http nor https", hint="or give a command")
    try:
        command = shlex.split(target)
    except ValueError as error:
        raise PodshiftError(f"{target!r} is no command line: {error}", hint="quote it as for a shell") from None
    if not command or not shutil.which(command[0]):
        raise PodshiftError(f"there is no command {(command or [''])[0]!r}", hint="give its whole path")
    return target


def is_url(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def notify(installation: Installation, event: Event) -> None:
    """Begin to tell everybody. Targets travel through a pipe: a URL may be as good as a password."""
    if event.kind not in KINDS or event.outcome not in OUTCOMES:
        return
    for notifier in installation.records.notifiers():
        job = {
            "home": str(installation.home.path),
            "number": notifier.number,
            "target": notifier.target,
            "event": event_object(event),
        }
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "podshift.deploy.events.notifier"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            env=clean_environment(), start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101 - it is a pipe, which holds more than a job
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        process.returncode = 0  # nobody waits for it here; it is init's when the deployer ends


def clean_environment() -> dict[str, str]:
    """Without what git gives to a hook: it belongs to the pushed repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def event_object(event: Event) -> dict[str, object]:
    """The event for scripts and for others' servers; `text` is what chat services show."""
    from datetime import datetime

    return {
        "at": datetime.fromtimestamp(event.at).astimezone().isoformat(timespec="seconds"),
        "app": event.app,
        "kind": event.kind,
        "outcome": event.outcome,
        "by": event.by,
        "release": event.release,
        "commit": event.commit,
        "what": event.what,
        "error": event.error,
        "text": sentence(event),
    }


def sentence(event: Event) -> str:
    """`hello v12: deploy by ada ok, "Add a footer"`."""
    release = f" v{event.release}" if event.release else ""
    by = f" by {event.by}" if event.by else ""
    what = f", {event.what}" if event.what else ""
    error = f": {event.error}" if event.error else ""
    return f"{event.app}{release}: {event.kind}{by} {event.outcome}{what}{error}"
