"""Does something that listens for the world answer, asked from this machine?"""

import http.client
import socket
import ssl

SECONDS = 5.0
NOBODY = "podshift-doctor.invalid"  # the proxy answers to this host by itself (templates/haproxy.cfg.j2)


def reachable_at(address: str) -> tuple[str, int]:
    """Host and port to connect to for who listens on ADDR:PORT; one that listens everywhere does so on loopback."""
    host, _, port = address.rpartition(":")
    return {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]")), int(port)  # noqa: S104 - compared


def http_answer(address: str) -> http.client.HTTPResponse:
    """Status and headers. Raises OSError or http.client.HTTPException."""
    host, port = reachable_at(address)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/", headers={"Host": NOBODY, "Connection": "close"})
        return connection.getresponse()
    finally:
        connection.close()


def speaks_tls(address: str) -> bool:
    """Whether a handshake for a name without a certificate is refused as TLS refuses. Raises OSError."""
    context = ssl.create_default_context()
    with socket.create_connection(reachable_at(address), timeout=SECONDS) as connection:
        try:
            with context.wrap_socket(connection, server_hostname=NOBODY):
                return True
        except ssl.SSLError as error:
            return "ALERT" in (error.reason or "") or isinstance(error, ssl.SSLCertVerificationError)
