"""What an app's container can reach: tried from inside it, by its own Python."""

import json
from typing import Any

from server.installation import App, Server

CONNECT = """
import socket, sys
try:
    connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)
except OSError as error:
    print(f"{type(error).__name__}")
else:
    connection.sendall(sys.argv[3].encode())
    print(connection.recv(4096).decode(errors="replace") or "closed")
"""
GET = "GET / HTTP/1.0\r\nHost: {}\r\n\r\n"


def inside(app: App, *command: str) -> str:
    """What a command prints in the app's first web container."""
    return app.server.podshift("exec", app.name, "--", *command).stdout.strip()


def reach(app: App, host: str, port: int, *, name: str = "") -> str:
    """The answer to an HTTP request for the host `name` sent from inside the app, or the name of the error."""
    return inside(app, "python3", "-c", CONNECT, host, str(port), GET.format(name or host)).replace("\r", "")


def network(app: App) -> dict[str, Any]:
    """The app's network as podman tells of it."""
    (facts,) = json.loads(app.server.engine("network", "inspect", f"podshift-{app.name}"))
    return dict(facts)


def address(app: App) -> str:
    """Of the app's only container."""
    (container,) = app.containers()
    label = '{{index .Config.Labels "podshift.address"}}'
    return app.server.engine("inspect", f"--format={label}", container).strip()


def proxy_of(server: Server) -> str:
    """The name of the installation's proxy."""
    filters = (f"--filter=label=podshift.home={server.home}", "--filter=label=podshift.role=proxy")
    return server.engine("ps", *filters, "--format={{.Names}}").strip()
