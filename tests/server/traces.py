"""What an app has on its server at the moment: what a failed deploy must not add to, nor a killed one leave."""

import fcntl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from podshift.proxy import Proxy
from podshift.settings import Home
from server.installation import App, wait_until
from server.under_way import nothing_runs

MEMORY = Path("/dev/shm")
OVER = {"retired", "failed", "cancelled", "superseded"}


@dataclass(frozen=True)
class Traces:
    """Containers, upstreams (with the proxy's word for their state) and tags of images.

    Of all else what is there only while something is under way: networks of no app, entries of a canary, temporary
    files and folders, locks that somebody holds.
    """

    containers: tuple[str, ...] = ()
    upstreams: tuple[tuple[str, str], ...] = ()
    images: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()


NOTHING = Traces()


def traces(app: App) -> Traces:
    home = Home(app.server.home)
    proxy = Proxy(home.socket_folder)
    servers = [one for backend in proxy.servers().values() for one in backend.items()]
    return Traces(
        containers=tuple(app.containers()),
        upstreams=tuple(sorted((name, state.status) for name, state in servers if name.startswith(f"{app.name}-"))),
        images=tuple(sorted(app.server.images(f"localhost/podshift/{app.name}"))),
        networks=tuple(sorted(_networks_of_no_app(app))),
        canaries=tuple(value for value in proxy.entries("canary").values() if value.startswith(f"{app.name}-")),
        scratch=tuple(sorted(str(path) for path in _temporary(home, app.name))),
        locks=tuple(sorted(str(path) for path in _locks(home) if _held(path))),
    )


def of_release(app: App, number: int) -> Traces:
    """What there is when one container of this release serves and nothing is left of the others."""
    container = f"{app.name}-web-{number}-1"
    return Traces((container,), ((container, "UP"),), (f"localhost/podshift/{app.name}:v{number}",))


def nothing_is_left(app: App) -> None:
    """One container of the newest release serves, earlier images can be gone back to, and that is all there is."""
    newest, *earlier = app.releases()
    assert newest["state"] == "live"
    assert {release["state"] for release in earlier} <= OVER, earlier
    images = [release["image"] for release in (newest, *earlier) if release["state"] in ("live", "retired")]
    kept = sorted(list(dict.fromkeys(images))[: app.server.settings["keep_images"]])
    nothing_runs(app.server)
    wanted = replace(of_release(app, newest["number"]), images=tuple(kept))
    with suppress(AssertionError):  # on a busy machine a check may just have failed: UP 2/3
        wait_until(lambda: traces(app) == wanted, seconds=10)
    found = traces(app)
    assert found == wanted, f"{found}\n{wanted}"


def _networks_of_no_app(app: App) -> Iterator[str]:
    home, label = Home(app.server.home), f"--filter=label=podshift.home={app.server.home}"
    apps = [path.stem for path in home.repository(app.name).parent.glob("*.git")]
    known = {home.proxy_network, home.edge_name, *(f"podshift-{name}{end}" for name in apps for end in ("", ".start"))}
    for name in app.server.engine("network", "ls", label, "--format={{.Name}}").split():
        if name not in known:
            yield name


def _temporary(home: Home, app: str) -> Iterator[Path]:
    """Of this app's deploys, and of the installation: also what only a killed process would leave."""
    folder, repository = home.app_folder(app), home.repository(app)
    yield from home.scratch(app).glob("**/*")
    yield from folder.glob(".*")
    yield from folder.glob("unsettled")
    yield from (path for path in (folder / "build").glob("*") if not path.name.startswith("buildah-cache"))
    yield from (folder / "logs").glob(".*")
    yield from (path for name in (".*", "index.lock") for path in home.checkout(app).glob(name))
    yield from home.path.glob(".*")
    yield from home.proxy_folder.glob(".*")
    yield from repository.glob("podshift-*")
    yield from (path for path in repository.glob("**/*") if path.name.endswith(".lock") or path.name.startswith("tmp_"))
    yield from (path for path in MEMORY.glob("podshift-*") if _of_the_dead(path))


def _of_the_dead(path: Path) -> bool:
    """podshift-WHAT-PID-…: another run's processes may be at work beside this one."""
    pid = path.name.split("-")[2]
    return pid.isdecimal() and not Path("/proc", pid).exists()


def _locks(home: Home) -> Iterator[Path]:
    yield from home.path.glob("*.lock")
    yield from home.path.glob("apps/*/lock")
    yield from home.builds.glob("*")


def _held(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
