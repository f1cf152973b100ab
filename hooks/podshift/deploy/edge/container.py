"""The edge's container: there, running, and as the settings say."""

import hashlib
import http.client
import time
from collections.abc import Callable
from contextlib import suppress

from podshift.deploy.checks.answer import http_answer, speaks_tls
from podshift.deploy.edge.image import obtain_edge_image
from podshift.deploy.installation import Installation
from podshift.deploy.volumes import ensure_volume
from podshift.engine import EngineError
from podshift.errors import PodshiftError
from podshift.model import Edge
from podshift.render import render_template
from podshift.settings import make_private, save_settings, write_private

Say = Callable[[str], None]

CONFIGURATION = "/etc/caddy"
SOCKETS = "/run/podshift-edge"
DATA = "/data"
STOP_SECONDS = 8.0  # a little more than grace_period in templates/Caddyfile.j2
START_SECONDS = 30.0
POLL_SECONDS = 0.05


def ensure_edge(installation: Installation, say: Say) -> None:
    """Where there is to be an edge, return with one that answers. One that is as it should be is not touched."""
    edge = installation.settings.edge
    if edge is None or _is_up_to_date(installation, edge):
        return
    present = with_image(installation, edge, say)
    if present != edge:  # one that was made here is gone, and now the official one can be reached
        installation.settings = installation.settings._replace(edge=present)
        save_settings(installation.home, installation.settings)
    say(f"it starts, on {edge.http} and {edge.https}")
    start_edge(installation, present)


def with_image(installation: Installation, edge: Edge, say: Say) -> Edge:
    """With an image that is there. Raises PodshiftError."""
    return edge._replace(image=obtain_edge_image(installation.settings, installation.home, edge.image, say))


def start_edge(installation: Installation, edge: Edge) -> None:
    """Make the edge's container anew. Raises PodshiftError with its last log lines if it does not come up."""
    engine, home = installation.engine, installation.home
    ensure_volume(installation, home.edge_name, {"podshift.home": installation.label, "podshift.role": "edge"})
    if not installation.settings.rootless and home.edge_name not in engine.networks(home=installation.label):
        engine.create_network(home.edge_name, {"podshift.home": installation.label})  # open: apps have public URLs too
    make_private(home.edge_folder)
    write_private(home.edge_folder / "Caddyfile", configuration(installation, edge))
    if edge.acme_root:
        write_private(home.edge_folder / "acme-root.pem", edge.acme_root)
    label = f"--label=podshift.edge={_fingerprint(installation, edge)}"
    options = ["--detach", label, *engine.first_served, *arguments(installation, edge)]
    engine.remove([home.edge_name], STOP_SECONDS)
    try:
        engine.run(options)
        _await_answer(installation, edge)
    except EngineError as error:
        raise PodshiftError(
            f"the edge does not start: {error.message}", hint=error.hint, details=error.details
        ) from None


def remove_edge(installation: Installation) -> None:
    """The container and its network. The volume with the certificates stays."""
    engine, name = installation.engine, installation.home.edge_name
    engine.remove([name], STOP_SECONDS)
    if name in engine.networks(home=installation.label):
        with suppress(EngineError):  # somebody has put another container on it, and keeps it
            engine.remove_network(name)


def configuration(installation: Installation, edge: Edge) -> str:
    return render_template("Caddyfile.j2", [installation.home.templates], edge=edge)


def arguments(installation: Installation, edge: Edge) -> list[str]:
    home, settings = installation.home, installation.settings
    return [
        "--restart=always",
        f"--name={home.edge_name}",
        f"--label=podshift.home={installation.label}",
        "--label=podshift.role=edge",
        f"--network={installation.engine.outward_network(home.edge_name, rootless=settings.rootless)}",
        f"--publish={edge.http}:80",
        f"--publish={edge.https}:{edge.https_port}",
        f"--publish={edge.https}:{edge.https_port}/udp",
        f"--volume={home.edge_folder}:{CONFIGURATION}:ro",
        f"--volume={home.edge_socket_folder}:{SOCKETS}",
        f"--volume={home.edge_name}:{DATA}",
        f"--env=XDG_DATA_HOME={DATA}",
        f"--env=XDG_CONFIG_HOME={DATA}",
        "--user=0",
        "--cap-drop=all",
        "--cap-add=net_bind_service",
        # Docker's root is the machine's, and these folders are an ordinary user's alone.
        *([] if installation.engine.own_user == "0" else ["--cap-add=dac_override"]),
        "--security-opt=no-new-privileges",
        "--log-opt=max-size=10mb",
        "--entrypoint=caddy",
        edge.image,
        "run",
        f"--config={CONFIGURATION}/Caddyfile",
        "--adapter=caddyfile",
    ]


def _fingerprint(installation: Installation, edge: Edge) -> str:
    """What the container was made from, so that one that is as it should be can be told."""
    text = "\n".join((configuration(installation, edge), edge.acme_root, *arguments(installation, edge)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_up_to_date(installation: Installation, edge: Edge) -> bool:
    return any(
        one.running and one.labels.get("podshift.edge") == _fingerprint(installation, edge)
        for one in installation.engine.containers(home=installation.label, role="edge")
    )


def _await_answer(installation: Installation, edge: Edge) -> None:
    """Until it answers as a client sees it: http with the proxy's own answer, https with TLS."""
    deadline = time.monotonic() + START_SECONDS
    while problem := trouble(edge):
        if time.monotonic() > deadline:
            log = installation.engine.logs(installation.home.edge_name, 25)
            raise PodshiftError(f"the edge does not come up: {problem}", hint="podshift doctor", details=tuple(log))
        time.sleep(POLL_SECONDS)


def trouble(edge: Edge) -> str:
    """What is wrong with the edge as a client sees it; empty: nothing."""
    try:
        answer = http_answer(edge.http)
        if answer.status == 502 and answer.headers["Server"] == "Caddy":
            return f"it listens on {edge.http}, and does not reach the proxy"
        if not speaks_tls(edge.https):
            return f"{edge.https} does not speak TLS"
    except (OSError, http.client.HTTPException) as problem:
        return f"{edge.http} or {edge.https} does not answer: {problem}"
    return ""
