"""The image of a proxy: the given one, the official one, or one made from what is on this machine."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from podshift.engine import Engine, EngineError
from podshift.settings import shipped

PULL_SECONDS = 300.0
Say = Callable[[str], None]


class ImageKind(NamedTuple):
    """Where the image of a kind of container comes from. `files` gives path inside → path here, or raises."""

    official: str
    source: str
    files: Callable[[], Mapping[str, str]]


def obtain_image(engine: Engine, kind: ImageKind, wanted: str, own: str, say: Say) -> str:
    """An image that is there: `wanted`, else the official one, else `own`, which is made. Raises PodshiftError."""
    if wanted and (wanted != own or engine.exists("image", own)):
        if not engine.exists("image", wanted):
            say(f"pulling {wanted}")
            engine.call("pull", wanted, timeout=PULL_SECONDS)
        return wanted
    try:
        if not engine.exists("image", kind.official):
            engine.call("pull", "--quiet", kind.official, timeout=PULL_SECONDS)
    except EngineError:
        say(f"no registry of images can be reached; its image is made from {kind.source}")
        return _make_image(engine, own, kind.files())
    return kind.official


def _make_image(engine: Engine, image: str, files: Mapping[str, str]) -> str:
    """These files, and nothing else."""
    with TemporaryDirectory(prefix="podshift-image-") as folder:
        for inside, here in files.items():
            target = Path(folder) / "root" / inside.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here, target)
        file = f"--file={shipped('templates', 'proxy.containerfile')}"
        # Not from the cache: an image shared with another installation could be removed with that one just now.
        engine.call("build", "--no-cache", f"--tag={image}", file, "--", folder)
    return image
