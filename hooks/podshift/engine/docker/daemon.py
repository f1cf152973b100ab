"""Docker's daemon: which one it is, and why it does not answer."""

import getpass
import os
import re
import subprocess

from podshift.engine.command import EngineError
from podshift.errors import PodshiftError

SECONDS = 20.0
# The words of Docker 20.10 and 28.
REFUSED = re.compile(r"permission denied while trying to connect|dial unix \S+ connect: permission denied")
SILENT = re.compile(r"Cannot connect to the Docker daemon|error during connect|failed to connect to the docker API")


def host_option(options: tuple[str, ...]) -> str:
    """`--host=…` of the daemon that an installation uses from now on: the one in `options`, else today's.

    It is written down since hooks run without the operator's DOCKER_HOST. Raises PodshiftError for one elsewhere:
    its containers' files, processes and ports are not here.
    """
    for option in options:
        if option.startswith("--host="):
            return option
    host = os.environ.get("DOCKER_HOST") or _context_host()
    if not host.startswith("unix://"):
        raise PodshiftError(
            f"the docker daemon at {host} is not on this machine, and podshift's has to be",
            hint="unset DOCKER_HOST, or docker context use default; then podshift init again",
        )
    return f"--host={host}"


def _context_host() -> str:
    command = ["docker", "context", "inspect", "--format={{.Endpoints.docker.Host}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PodshiftError(f"docker could not be run: {error}", hint="apt install docker.io") from None
    return done.stdout.strip() if done.returncode == 0 else "unix:///var/run/docker.sock"


def explained(error: EngineError) -> EngineError:
    """The same error, with what to type where it is the daemon that does not answer."""
    if REFUSED.search(error.output):
        what = f"{getpass.getuser()} may not use the docker daemon"
        hint = f"as root: usermod -aG docker {getpass.getuser()}; then log in anew (who may use it is as good as root)"
    elif SILENT.search(error.output):
        what, hint = "the docker daemon does not answer", "as root: systemctl start docker"
    else:
        return error
    return EngineError(what, error.output, hint=hint)
