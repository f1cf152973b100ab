"""podman or docker: everything that is asked of a container engine, and the only importer of sh."""

from podshift.engine.command import PACKAGES, EngineError, TimedOut
from podshift.engine.ending import Ending
from podshift.engine.engine import Engine, open_engine
from podshift.engine.objects import Container, Image, ImageFacts, ImageOrigin
from podshift.engine.probe import Choice, choose_engine
from podshift.engine.request import BuildRequest
from podshift.engine.selection import reach_engine, select_engine
from podshift.engine.session import lingers, runtime_folder

__all__ = [
    "PACKAGES",
    "BuildRequest",
    "Choice",
    "Container",
    "Ending",
    "Engine",
    "EngineError",
    "Image",
    "ImageFacts",
    "ImageOrigin",
    "TimedOut",
    "choose_engine",
    "lingers",
    "open_engine",
    "reach_engine",
    "runtime_folder",
    "select_engine",
]
