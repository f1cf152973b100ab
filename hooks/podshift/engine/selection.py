"""Which engine an installation gets, and what it needs to be reached, before anything is tried out."""

import shutil

from podshift.engine.command import PACKAGES
from podshift.engine.probe import Choice
from podshift.errors import PodshiftError

ENGINES = ("podman", "docker")  # the first that is there, where nobody says which


def select_engine(wanted: str | None) -> str:
    """The wanted engine, or the first that is there. Raises PodshiftError for none."""
    for engine in [wanted] if wanted else ENGINES:
        if engine in ENGINES and shutil.which(engine):
            return engine
    missing = wanted or ENGINES[0]
    raise PodshiftError(f"there is no {missing} here", hint=f"apt install {PACKAGES.get(missing, missing)}")


def reach_engine(engine: str, earlier: tuple[str, ...]) -> Choice:
    """What every command of the engine needs; `earlier` are the options of the installation, if it had this engine."""
    if engine != "docker":
        return Choice()
    from podshift.engine.docker.daemon import host_option

    return Choice((host_option(earlier),), reasons=("the daemon that is meant, whatever DOCKER_HOST says later",))
