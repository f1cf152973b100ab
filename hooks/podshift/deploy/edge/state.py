"""How it stands with the edge."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from podshift.deploy.edge.container import DATA, trouble
from podshift.deploy.installation import Installation
from podshift.engine import EngineError
from podshift.model import Edge

ROOT = "caddy/pki/authorities/local/root.crt"
CERTIFICATES = "caddy/certificates"


@dataclass(frozen=True, slots=True)
class EdgeState:
    """`trouble`: what a client would meet, empty when all is well. `certificates`: the names that have one; None: they
    cannot be read. `root`: what clients must trust, where the edge is its own authority."""

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
    if folder and os.access(folder, os.R_OK | os.X_OK):
        root = folder / ROOT if edge.internal else None
        certificates: tuple[str, ...] | None = _certificates(folder / CERTIFICATES)
    else:  # Docker's volumes are root's
        root, certificates = _copied_root(installation, edge), _copied_certificates(installation)
    return EdgeState(edge, installation.settings.listen, trouble(edge), certificates, root)


def _certificates(folder: Path) -> tuple[str, ...]:
    return tuple(sorted({path.stem for path in folder.glob("*/*/*.crt")}))


def _copied_root(installation: Installation, edge: Edge) -> Path | None:
    target = installation.home.edge_folder / "root.crt"
    if edge.internal:
        with suppress(EngineError):  # it does not run, and so has none
            installation.engine.copy_out(installation.home.edge_name, f"{DATA}/{ROOT}", target)
            return target
    return None


def _copied_certificates(installation: Installation) -> tuple[str, ...] | None:
    with TemporaryDirectory(prefix="podshift-edge-") as folder:
        try:
            installation.engine.copy_out(installation.home.edge_name, f"{DATA}/{CERTIFICATES}", Path(folder, "copy"))
        except EngineError as error:
            return () if "find the file" in error.output else None
        return _certificates(Path(folder, "copy"))
