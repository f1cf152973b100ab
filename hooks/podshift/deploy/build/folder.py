"""Where an app's builds have their caches, and what else the engine needs while it builds."""

import shutil
from contextlib import suppress
from pathlib import Path

from podshift.deploy.installation import Installation
from podshift.records import App
from podshift.settings import make_private

KEPT = "buildah-cache"
_MOUNTS = Path("/proc/self/mounts")


def temporary_folder(installation: Installation, app: App) -> Path:
    return installation.home.app_folder(app.name) / "build"


def swept(folder: Path) -> Path:
    """The folder with the caches only. An engine that was killed, or had no room, leaves other things there.

    For who holds the app's lock, so that no build is under way. Nothing that is still mounted is touched.
    """
    make_private(folder)
    for path in folder.iterdir():
        if not path.name.startswith(KEPT) and f" {path}" not in _MOUNTS.read_text():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()
    return folder
