"""Which of its neighbours can be reached from a container? Asked from inside its network.

Started as `python -I -m podshift.asking.reach ADDRESS …`; prints the reached, one a line.
"""

import errno
import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence

# A way that is open answers in milliseconds; one that is cut off never does.
SECONDS = 1.0
# Whichever: where nothing listens, the kernel over there says so, and that is an answer too.
PORT = 8080


def reached(addresses: Sequence[str]) -> Iterator[str]:
    """All are tried at once, for SECONDS."""
    asked, poll = {}, select.poll()
    for address in addresses:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        connection.connect_ex((address, PORT))
        asked[connection.fileno()] = (address, connection)
        poll.register(connection, select.POLLOUT)
    deadline = time.monotonic() + SECONDS
    while asked and (left := deadline - time.monotonic()) > 0:
        for number, _ in poll.poll(left * 1000):
            poll.unregister(number)
            address, connection = asked.pop(number)
            with connection:
                if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (0, errno.ECONNREFUSED):
                    yield address


if __name__ == "__main__":
    for one in reached(sys.argv[1:]):
        print(one, flush=True)  # noqa: T201 - doctor reads it
