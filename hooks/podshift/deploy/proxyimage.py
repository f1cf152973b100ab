"""The image of the proxy: the given one, the official one, or one made from this machine's own HAProxy."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from podshift.engine import Engine, EngineError, open_engine
from podshift.errors import PodshiftError
from podshift.settings import Home, Settings, shipped

OFFICIAL = "docker.io/library/haproxy:lts-alpine"
HAPROXY = "/usr/sbin/haproxy"
PULL_SECONDS = 300.0


def obtain_proxy_image(settings: Settings, home: Home, given: str | None, say: Callable[[str], None]) -> str:
    """The name of an image that is there. Raises PodshiftError when none of the ways works."""
    engine = open_engine(settings)
    wanted = given or settings.proxy_image
    if wanted:
        if not engine.exists("image", wanted):
            say(f"proxy: pulling {wanted}")
            engine.call("pull", wanted, timeout=PULL_SECONDS)
        return wanted
    try:
        if not engine.exists("image", OFFICIAL):
            engine.call("pull", "--quiet", OFFICIAL, timeout=PULL_SECONDS)
    except EngineError:
        say("proxy: no registry of images can be reached; its image is made from this machine's haproxy package")
        return make_proxy_image(engine, f"localhost/podshift-proxy:{home.identity}")
    return OFFICIAL


def make_proxy_image(engine: Engine, image: str) -> str:
    """HAProxy with the libraries it is linked to, and nothing else."""
    if not Path(HAPROXY).is_file():
        raise PodshiftError(
            "there is no image for the proxy, and no haproxy package to make one from",
            hint="apt install haproxy, or podshift init --proxy-image IMAGE",
        )
    with TemporaryDirectory(prefix="podshift-proxy-") as folder:
        context = Path(folder)
        for source in (HAPROXY, *_libraries(HAPROXY)):
            target = context / "root" / source.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        file = f"--file={shipped('templates', 'proxy.containerfile')}"
        # Not from the cache: an image shared with another installation could be removed with that one just now.
        engine.call("build", "--no-cache", f"--tag={image}", file, "--", folder)
    return image


def _libraries(program: str) -> list[str]:
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", output)
