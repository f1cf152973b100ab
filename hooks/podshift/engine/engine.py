"""The engine's verbs, as far as podshift needs them."""

from podshift.engine.containers import Containers
from podshift.engine.images import Images
from podshift.engine.networks import Networks
from podshift.engine.output import Output
from podshift.engine.volumes import Volumes
from podshift.settings import Settings


class Engine(Containers, Output, Images, Volumes, Networks):
    """All groups of verbs together, as podman understands them."""


def open_engine(settings: Settings) -> Engine:
    """The installation's engine: every verb means the same with each."""
    return Engine(settings)
