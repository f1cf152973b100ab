"""What an app has on its server at the moment: what a failed deploy must not add to."""

from dataclasses import dataclass

from podshift.proxy import Proxy
from podshift.settings import Home
from server.installation import App


@dataclass(frozen=True)
class Traces:
    """Containers, upstreams (with the proxy's word for their state), tags of images, and temporary files."""

    containers: tuple[str, ...] = ()
    upstreams: tuple[tuple[str, str], ...] = ()
    images: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()


NOTHING = Traces()


def traces(app: App) -> Traces:
    home = Home(app.server.home)
    servers = [one for backend in Proxy(home.socket_folder).servers().values() for one in backend.items()]
    images = app.server.images(f"localhost/podshift/{app.name}")
    return Traces(
        tuple(app.containers()),
        tuple(sorted((name, state.status) for name, state in servers if name.startswith(f"{app.name}-"))),
        tuple(sorted(images)),
        tuple(sorted(map(str, home.scratch(app.name).glob("**/*")))),
    )


def of_release(app: App, number: int) -> Traces:
    """What there is when one container of this release serves and nothing is left of the others."""
    container = f"{app.name}-web-{number}-1"
    return Traces((container,), ((container, "UP"),), (f"localhost/podshift/{app.name}:v{number}",))
