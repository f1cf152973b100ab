"""proc-receive, the gate: git leaves the update of the branch to us, and it happens when the release goes live.

So at no instant is a release live whose push can still be refused. (In pre-receive it would be: git moves the branch
only after the hook has ended, and refuses where another push was quicker.) The protocol is that of githooks(5):
packets on standard input and output; the pusher reads standard error.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # nearly every push goes through an open gate, and must not wait for imports there
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from podshift.receive.push import Push, Update
    from podshift.settings import Home

FLUSH = b"0000"
LENGTH = 4


def announce(repository: Path) -> None:
    """pre-receive tells proc-receive of the same push, which has the same parent, that the gate is shut."""
    (repository / _notice()).touch()


def _notice() -> str:
    return f"podshift-gate-{os.getppid()}"


def proc_receive() -> int:
    """Answer for every branch of the repository that we stand in; those that the gate does not concern go to git."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # from here on, what is printed goes to the pusher
    offer = "".join(read_packets(asked))
    takes_options = "push-options" in offer.partition("\0")[2].split()
    write_packets(answers, "version=1\0push-options" if takes_options else "version=1")
    updates = list(read_packets(asked))
    options = list(read_packets(asked)) if takes_options else []
    if _told():
        write_packets(answers, *_answers(updates, options))
    else:
        write_packets(answers, *(line for update in updates for line in _back_to_git(update.split(" ", 2)[2])))
    return 0


def _told() -> bool:
    try:
        os.unlink(_notice())  # noqa: PTH108 - pathlib takes 4 ms to import
    except FileNotFoundError:
        return False
    return True


def _back_to_git(ref: str) -> list[str]:
    return [f"ok {ref}", "option fall-through"]


def _answers(updates: list[str], options: list[str]) -> Iterator[str]:
    from podshift.receive import find_packages

    find_packages()
    from pathlib import Path

    from podshift.errors import PodshiftError
    from podshift.receive.push import read_push, say
    from podshift.settings import Home

    path = Path.cwd().resolve()
    home = Home(path.parents[1])
    try:
        push = read_push(home, path.stem, updates, options)
        for update in push.updates:
            yield from _answer(home, push, update)
    except PodshiftError as error:
        say(*error.lines())


def _answer(home: Home, push: Push, update: Update) -> list[str]:
    if not push.gated or update != push.deploy or update.new is None:
        return _back_to_git(update.ref)
    return [f"ok {update.ref}" if _deploy(home, push, update.old, update.new) else f"ng {update.ref} not deployed"]


def _deploy(home: Home, push: Push, old: str | None, new: str) -> bool:
    """Whether the release went live, and the branch with it; something may have failed after that.

    Where the branch could not be moved back, for want of room perhaps, the next repair does it.
    """
    from podshift.deploy.release.gate import Gate, was_deployed
    from podshift.deploy.release.push import Wish
    from podshift.receive.push import pusher
    from podshift.receive.start import deploy

    app = push.app
    with Gate.of_this_push(app.branch, old) as gate:
        went_well = deploy(home, Wish(app.name, new, pusher(), gate=gate, options=push.options.deploy))
    return went_well or was_deployed(home, app.name, new)


def read_packets(stream: BinaryIO) -> Iterator[str]:
    """The texts of the packets up to the next flush; to the end where there is none. See gitprotocol-common(5)."""
    while (length := int(stream.read(LENGTH) or FLUSH, 16)) >= LENGTH:
        yield stream.read(length - LENGTH).decode(errors="surrogateescape").removesuffix("\n")


def write_packets(stream: BinaryIO, *texts: str) -> None:
    for text in texts:
        data = text.encode(errors="surrogateescape")
        stream.write(b"%04x%b" % (len(data) + LENGTH, data))
    stream.write(FLUSH)
    stream.flush()
