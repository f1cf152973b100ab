"""The look at the base images costs an engine call, so it is taken while git writes the tree: most often they are
those of the build before."""

from contextlib import suppress
from pathlib import Path
from threading import Thread

from podshift.deploy.build.containerfile import containerfile_text, own_containerfile
from podshift.engine import Engine, EngineError, ImageOrigin
from podshift.errors import PodshiftError
from podshift.manifest import Places
from podshift.manifest.containerfile import examine
from podshift.model import Build


class OriginsAhead:
    """Asks from its making on. `tree` is the app's last checkout, if there is one; what is in it is not trusted."""

    def __init__(self, engine: Engine, build: Build, tree: Path, where: Places) -> None:
        self.engine = engine
        self.names = _asked_before(build, tree, where)
        self.found: list[ImageOrigin] | None = None
        self.thread = Thread(target=self._ask, daemon=True)
        if self.names:
            self.thread.start()

    def of(self, names: tuple[str, ...]) -> list[ImageOrigin] | None:
        """Of exactly these images; None when others were asked for, or one of them is not here."""
        if not names or names != self.names:
            return None
        self.thread.join()
        return self.found

    def _ask(self) -> None:
        with suppress(EngineError):
            self.found = self.engine.image_origins(self.names)


def _asked_before(build: Build, tree: Path, where: Places) -> tuple[str, ...]:
    with suppress(OSError, ValueError, PodshiftError):
        if path := own_containerfile(tree, where):
            return examine(containerfile_text(path), build.args).images
    return ()
