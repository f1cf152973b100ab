"""A push waits for every import. So pre-receive leaves a process behind that imports what a deploy needs, while it
looks at the push itself and git goes on; post-receive then only hands its streams over to that process.

It ends with git's receive-pack when nobody asked for it by then, and else with its work. Where there is none,
post-receive does the work itself. Nothing of it is a file: an abstract socket is gone with whoever listens.
"""

import os
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

STREAMS = (0, 1, 2)
TAKEN = b"+"
# For a receive-pack that was gone before we could look at it; post-receive comes within moments.
LONGEST_SECONDS = 60
_CREDENTIALS = "3i"  # pid, uid, gid: unix(7), SO_PEERCRED


def leave_behind(work: Callable[[], int]) -> None:
    """Fork a process that will do post-receive's `work`, once that asks for it.

    Call it in pre-receive, whose parent is receive-pack, with no thread running and no database open.
    """
    git = os.pidfd_open(os.getppid())
    with _socket() as listener:
        listener.bind(_name())
        listener.listen(1)
        if os.fork() == 0:
            _stand_by(git, listener, work)
    os.close(git)


def _stand_by(git: int, listener: socket.socket, work: Callable[[], int]) -> None:
    """Never returns. pre-receive's streams are let go first: git waits for their end."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in STREAMS:
            os.dup2(nothing, stream)
        _import_all()
        if connection := _asked(git, listener):
            _, descriptors, _, _ = socket.recv_fds(connection, 1, len(STREAMS))
            for stream, descriptor in zip(STREAMS, descriptors, strict=True):
                os.dup2(descriptor, stream)
                os.close(descriptor)
            connection.sendall(TAKEN)
            code = work()
            connection.sendall(bytes([code]))
    finally:
        os._exit(code)


def _import_all() -> None:
    """What a deploy needs until the engine builds. The quarantine is over when the work begins."""
    import podshift.engine
    import podshift.receive.start  # noqa: F401
    from podshift.source import leave_quarantine

    leave_quarantine()


def _asked(git: int, listener: socket.socket) -> socket.socket | None:
    """post-receive's connection; None when the push has ended without it."""
    poll = select.poll()
    poll.register(git, select.POLLIN)
    poll.register(listener, select.POLLIN)
    if listener.fileno() not in dict(poll.poll(LONGEST_SECONDS * 1000)):
        return None
    connection, _ = listener.accept()
    listener.close()
    return connection if _is_ours(connection) else None


def hand_over() -> int | None:
    """In post-receive: have the work done by the process that waits for it; its exit code. None: nobody took it."""
    taken, code = b"", b""
    with _socket() as connection, suppress(OSError):
        connection.connect(_name())
        if _is_ours(connection):
            socket.send_fds(connection, [TAKEN], STREAMS)
            taken = connection.recv(1)
            code = connection.recv(1)
    return (code or b"\x01")[0] if taken else None


def _socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)


def _name() -> str:
    """What both hooks of one push know: the repository, where they stand, and receive-pack, their parent."""
    place = os.stat(".")  # noqa: PTH116 - post-receive does without pathlib
    return f"\0podshift-{place.st_dev}-{place.st_ino}-{os.getppid()}"


def _is_ours(connection: socket.socket) -> bool:
    """Anybody on this machine may listen under an abstract name, and connect to it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_CREDENTIALS))
    return bool(struct.unpack(_CREDENTIALS, credentials)[1] == os.geteuid())
