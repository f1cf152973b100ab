"""Run what every container of podshift needs: an init process, limits, a network of its own."""

from podshift.engine import open_engine
from podshift.settings import Settings


def try_container(settings: Settings) -> None:
    """Raises EngineError, in the engine's own words, when no container can be run with these settings."""
    open_engine(settings).run(
        [
            "--rm",
            "--init",
            "--security-opt=no-new-privileges",
            "--entrypoint=haproxy",
            settings.proxy_image,
            "-v",
        ]
    )
