"""The image of the proxy: the official one, or this machine's HAProxy with the libraries that it is linked to."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from podshift.deploy.images import ImageKind, obtain_image
from podshift.engine import open_engine
from podshift.errors import PodshiftError
from podshift.settings import Home, Settings

OFFICIAL = "docker.io/library/haproxy:lts-alpine"
PROXY_IMAGES = "localhost/podshift-proxy"
HAPROXY = "/usr/sbin/haproxy"


def obtain_proxy_image(settings: Settings, home: Home, given: str | None, say: Callable[[str], None]) -> str:
    """The name of an image that is there. Raises PodshiftError when none of the ways works."""
    kind = ImageKind(OFFICIAL, "this machine's haproxy package", _files)
    own = f"{PROXY_IMAGES}:{home.identity}"
    return obtain_image(
        open_engine(settings), kind, given or settings.proxy_image, own, lambda text: say(f"proxy: {text}")
    )


def _files() -> dict[str, str]:
    if not Path(HAPROXY).is_file():
        raise PodshiftError(
            "there is no image for the proxy, and no haproxy package to make one from",
            hint="apt install haproxy, or podshift init --proxy-image IMAGE",
        )
    return {file: file for file in (HAPROXY, *_libraries(HAPROXY))}


def _libraries(program: str) -> list[str]:
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", output)
