"""Docker: what it says, wants or lacks otherwise than podman. Everything else is in the package above."""

from podshift.engine.docker.engine import Docker

__all__ = ["Docker"]
