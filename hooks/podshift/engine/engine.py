"""The engine's verbs, as far as podshift needs them."""

from podshift.engine.containers import Containers
from podshift.engine.images import Images
from podshift.engine.networks import Networks
from podshift.engine.output import Output
from podshift.engine.volumes import Volumes
from podshift.settings import Settings


class Engine(Containers, Output, Images, Volumes, Networks):
    """All groups of verbs together, as podman understands them."""

    # Whose a file is that the proxy shares with podshift: a rootless container's root is the user who runs it.
    own_user = "0"


def open_engine(settings: Settings) -> Engine:
    """The installation's engine: every verb means the same with each."""
    if settings.engine == "docker":
        from podshift.engine.docker import Docker  # a push to podman does without

        return Docker(settings)
    return Engine(settings)
