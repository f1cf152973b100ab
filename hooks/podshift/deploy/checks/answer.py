"""Does something that listens for the world answer, asked from this machine?"""

import http.client

SECONDS = 5.0
NOBODY = "podshift-doctor.invalid"


def reachable_at(address: str) -> tuple[str, int]:
    """Host and port to connect to for who listens on ADDR:PORT; one that listens everywhere does so on loopback."""
    host, _, port = address.rpartition(":")
    return {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]")), int(port)  # noqa: S104 - compared


def http_status(address: str, *, seconds: float = SECONDS) -> int:
    """The status for a host that no app has. Raises OSError or http.client.HTTPException."""
    host, port = reachable_at(address)
    connection = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        connection.request("GET", "/", headers={"Host": NOBODY})
        return connection.getresponse().status
    finally:
        connection.close()
