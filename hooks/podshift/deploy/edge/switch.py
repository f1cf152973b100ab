"""Putting the edge before the proxy, and taking it off: each wholly, or things are as they were."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from podshift.deploy.app.domains import publish
from podshift.deploy.edge.choice import WantedEdge, choose
from podshift.deploy.edge.container import ensure_edge, remove_edge, with_image
from podshift.deploy.installation import Installation
from podshift.deploy.proxy import ensure_proxy, outdated, start_proxy
from podshift.errors import PodshiftError
from podshift.lock import exclusive
from podshift.model import Edge
from podshift.report import Log
from podshift.settings import Settings, save_settings


def edge_on(installation: Installation, wanted: WantedEdge, log: Log) -> Edge:
    """Start the edge, or make a running one as wanted. Raises PodshiftError, and all is as it was."""
    say = partial(log.step, "edge")
    with exclusive(installation.home.edge_lock):
        ensure_proxy(installation, log)
        chosen = choose(installation.settings, wanted)
        assert chosen.edge  # noqa: S101 - choose() has just put it there
        edge = with_image(installation, chosen.edge, say)
        with _changed(installation, chosen._replace(edge=edge), log):
            ensure_edge(installation, say)
    return edge


def edge_off(installation: Installation, log: Log) -> bool:
    """Take the edge away; the proxy listens where it did before. False: there is none."""
    with exclusive(installation.home.edge_lock):
        before = installation.settings
        if before.edge is None:
            remove_edge(installation)
            return False
        remove_edge(installation)
        with _changed(installation, before._replace(edge=None, listen=before.edge.listen_before), log):
            pass
    return True


@contextmanager
def _changed(installation: Installation, settings: Settings, log: Log) -> Iterator[None]:
    """With these settings written down and the proxy as they say; with the earlier ones if that or the block fails."""
    before = installation.settings
    try:
        _settle(installation, settings, log)
        yield
    except BaseException:
        log.step("edge", "it did not come to that; putting things back")
        with suppress(PodshiftError):
            if before.edge is None:
                remove_edge(installation)
            _settle(installation, before, log)
            ensure_edge(installation, partial(log.step, "edge"))
        raise


def _settle(installation: Installation, settings: Settings, log: Log) -> None:
    """The proxy where and as these settings want it. It starts anew only where nothing else does."""
    moved = settings.listen != installation.settings.listen
    save_settings(installation.home, settings)
    installation.settings = settings
    if moved or not installation.proxy.reachable() or outdated(installation):
        log.step("proxy", f"it starts anew, on {settings.listen}; until it is back, nothing answers")
        start_proxy(installation)
    else:
        publish(installation)
    if not installation.proxy.serves_edge():
        raise PodshiftError(
            "the proxy does not listen for an edge",
            hint=f"your own {installation.home.templates / 'haproxy.cfg.j2'} must have the sockets that podshift's has",
        )
