"""How it stands with the edge."""

from dataclasses import dataclass
from pathlib import Path

from podshift.deploy.edge.container import trouble
from podshift.deploy.installation import Installation
from podshift.model import Edge

ROOT = "caddy/pki/authorities/local/root.crt"


@dataclass(frozen=True, slots=True)
class EdgeState:
    """`trouble`: what a client would meet, empty when all is well. `certificates`: the names that have one; None: the
    volume is out of this user's reach. `root`: what clients must trust, where the edge is its own authority."""

    edge: Edge
    listen: str
    trouble: str
    certificates: tuple[str, ...] | None
    root: Path | None


def edge_state(installation: Installation) -> EdgeState | None:
    """None: there is no edge."""
    edge = installation.settings.edge
    if edge is None:
        return None
    folder = installation.engine.volume_folder(installation.home.edge_name)
    root = folder / ROOT if folder and edge.internal else None
    return EdgeState(edge, installation.settings.listen, trouble(edge), _certificates(folder), root)


def _certificates(folder: Path | None) -> tuple[str, ...] | None:
    try:
        found = (folder / "caddy/certificates").glob("*/*/*.crt") if folder else ()
        return tuple(sorted({path.stem for path in found}))
    except OSError:
        return None
