"""The session that a rootless engine works in: it has to be the same one at every login, in every hook."""

import getpass
import os
from pathlib import Path

from podshift.errors import PodshiftError

VARIABLE = "XDG_RUNTIME_DIR"


def runtime_folder(earlier: str) -> str:
    """Where this user's rootless engine keeps what runs: as `earlier`, if it can; "" for root, whose place is fixed.

    pam_systemd makes the folder at a login. In a session without it podman takes another one, and then can neither
    stop nor join what was started in the first; so init writes down which it was. Raises PodshiftError for none.
    """
    if os.geteuid() == 0:
        return ""
    folder = earlier if _usable(earlier) else os.environ.get(VARIABLE) or f"/run/user/{os.getuid()}"
    _check(folder)
    return folder


def lingers() -> bool:
    """Do this user's containers outlive their last session? Only systemd ends what a session leaves behind."""
    systemd = Path("/run/systemd/system").is_dir()
    return os.geteuid() == 0 or not systemd or Path("/var/lib/systemd/linger", getpass.getuser()).exists()


def _usable(folder: str) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _check(folder: str) -> None:
    if not _usable(folder):
        raise PodshiftError(
            f"rootless containers need the folder {folder}, and {getpass.getuser()} has no such folder now",
            hint=f"as root: loginctl enable-linger {getpass.getuser()}",
        )


def enter(folder: str) -> None:
    """For this process and all that it starts. Raises PodshiftError when the folder is gone."""
    if folder:
        _check(folder)
        os.environ[VARIABLE] = folder
