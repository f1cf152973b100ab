"""Where an installation keeps its things, and what `podshift init` found out about its server."""

import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

from podshift.errors import PodshiftError
from podshift.model import Edge

BACKUP_PREFIX = ".backup-"
DEFAULT_HOME = "~/.local/share/podshift"
NOWHERE = "none"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# What the Containerfiles that podshift renders begin with; `{version}` is what the app asks for.
BASE_IMAGES = {
    "python": "docker.io/library/python:{version}-slim-bookworm",
    "node": "docker.io/library/node:{version}-bookworm-slim",
    "go": "docker.io/library/golang:{version}-bookworm",
    "ruby": "docker.io/library/ruby:{version}-slim-bookworm",
    "php": "docker.io/library/php:{version}-apache-bookworm",
    "composer": "docker.io/library/composer:2",
    "static": "docker.io/library/caddy:2-alpine",
    "debian": "docker.io/library/debian:bookworm-slim",
}
PACKAGE_INDEXES = ("none", "host")


class Home(NamedTuple):
    """The folders and names of one installation; `path` is its PODSHIFT_HOME."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        return cls(Path(os.environ.get("PODSHIFT_HOME") or DEFAULT_HOME).expanduser().resolve())

    @property
    def is_default(self) -> bool:
        """Is it where this user's installation is when nobody says otherwise?"""
        return self.path == Path(DEFAULT_HOME).expanduser().resolve()

    @property
    def identity(self) -> str:
        """Eight characters that tell this installation's engine objects from another's."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:8]

    @property
    def proxy_name(self) -> str:
        return f"podshift-proxy-{self.identity}"

    @property
    def edge_name(self) -> str:
        """The HTTPS edge's container, its network, and the volume with its certificates."""
        return f"podshift-edge-{self.identity}"

    @property
    def proxy_network(self) -> str:
        """The proxy's own, from which its port is published; by name before every app's.

        Of a container's networks Docker publishes from the first by name, and cuts all connections when that becomes
        another one.
        """
        return f"podshift--proxy-{self.identity}"

    @property
    def database(self) -> Path:
        return self.path / "podshift.db"

    @property
    def settings_file(self) -> Path:
        return self.path / "settings.toml"

    @property
    def templates(self) -> Path:
        """The operator's own templates; a pushed repository never gets here."""
        return self.path / "templates"

    @property
    def proxy_folder(self) -> Path:
        """Mounted read-only into the proxy: its configuration, maps and pages."""
        return self.path / "proxy"

    @property
    def socket_folder(self) -> Path:
        """Mounted into the proxy, which puts its runtime socket there."""
        return self.path / "run"

    @property
    def edge_folder(self) -> Path:
        """Mounted read-only into the edge: its configuration."""
        return self.path / "edge"

    @property
    def edge_socket_folder(self) -> Path:
        """Where the proxy listens for the edge; mounted into these two and no other container."""
        return self.socket_folder / "edge"

    @property
    def edge_lock(self) -> Path:
        """Held while the edge is put on or taken off."""
        return self.path / "edge.lock"

    @property
    def apps_lock(self) -> Path:
        """Held while it is decided whose a name, a backend or a domain is."""
        return self.path / "apps.lock"

    @property
    def proxy_lock(self) -> Path:
        """Held while the proxy's maps and configuration file are written."""
        return self.path / "proxy.lock"

    @property
    def proxy_start_lock(self) -> Path:
        """Held while the proxy's container is made anew."""
        return self.path / "proxy-start.lock"

    @property
    def builds(self) -> Path:
        """The places of builds that go on at once."""
        return self.path / "builds"

    def repository(self, app: str) -> Path:
        return self.path / "repositories" / f"{app}.git"

    def app_folder(self, app: str) -> Path:
        return self.path / "apps" / app

    def lock(self, app: str) -> Path:
        return self.app_folder(app) / "lock"

    def unsettled(self, app: str) -> Path:
        """There from a rotation's first step to its last, or until all of them were taken back."""
        return self.app_folder(app) / "unsettled"

    def log(self, app: str, release: int) -> Path:
        return self.app_folder(app) / "logs" / f"v{release}.log"

    def container_log(self, app: str, container: str) -> Path:
        """What a container prints, where the engine can put it there; it stays when the container is gone."""
        return self.app_folder(app) / "logs" / f"{container}.out"

    def checkout(self, app: str) -> Path:
        """The tree of the app's newest build, kept for the next one."""
        return self.app_folder(app) / "checkout"

    def fetched(self, app: str) -> Path:
        """What the app's deploys have fetched from elsewhere."""
        return self.app_folder(app) / "fetched"

    @property
    def known_hosts(self) -> Path:
        """The host keys of the machines that something was fetched from."""
        return self.path / "known_hosts"

    def scratch(self, app: str) -> Path:
        """Checked out trees and pid files of the deploy that is under way; emptied by the next one."""
        return self.app_folder(app) / "scratch"

    @contextmanager
    def temporary_folder(self, app: str, purpose: str) -> Iterator[Path]:
        """A private folder on the installation's own disk, gone afterwards."""
        parent = make_private(self.scratch(app))
        with TemporaryDirectory(prefix=f"{purpose}-", dir=parent, ignore_cleanup_errors=True) as folder:
            yield Path(folder)


class Settings(NamedTuple):
    """The server's settings, as `settings.toml` holds them.

    `engine_options` go before the engine's verb, `run_options` after `run`; `reasons` say why each is there.
    `runtime_folder` is the XDG_RUNTIME_DIR that a rootless engine had, empty for root's; `storage` where the engine
    keeps images. A push is refused with less than `min_free_mb` of disk, and doctor warns below `warn_free_mb`.
    Where the network alias alone leads to an app, its old containers stop `settle_seconds` after the new have it.
    A push may bring `max_push_mb`.
    An engine command that takes longer than `engine_seconds`, a build `build_seconds`, is ended and has failed.
    `edge` None: there is no HTTPS edge.
    A build may have `build_memory` ("2g"; empty: no limit), and `parallel_builds` may go on at once.
    `base_images` are the operator's own, by the names of BASE_IMAGES; with `package_index` "host" builds get this
    machine's configuration of package managers.
    """

    engine: str = "podman"
    engine_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    runtime_folder: str = ""
    listen: str = "0.0.0.0:8080"
    proxy_image: str = ""
    backends: int = 64
    keep_images: int = 5
    storage: str = ""
    min_free_mb: int = 1024
    warn_free_mb: int = 5120
    engine_seconds: int = 120
    build_seconds: int = 3600
    edge: Edge | None = None
    settle_seconds: int = 5
    build_memory: str = ""
    parallel_builds: int = 2
    base_images: Mapping[str, str] = MappingProxyType({})
    package_index: str = "none"
    max_push_mb: int = 1024

    @property
    def bases(self) -> dict[str, str]:
        """Every base image, with the operator's own before podshift's."""
        return {**BASE_IMAGES, **self.base_images}

    @property
    def rootless(self) -> bool:
        return bool(self.runtime_folder)

    @property
    def has_proxy(self) -> bool:
        """Without one every app is found by its network alias alone."""
        return self.listen != NOWHERE


def load_settings(home: Home) -> Settings:
    """The installation's settings; PodshiftError before `podshift init`, or when the file cannot be read."""
    try:
        values = tomllib.loads(home.settings_file.read_text())
        if "edge" in values:
            values["edge"] = Edge(**values["edge"])
        return _checked(Settings(**{key: _frozen(value) for key, value in values.items()}))
    except FileNotFoundError:
        raise PodshiftError(f"there is no installation in {home.path}", hint="podshift init") from None
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise PodshiftError(
            f"{home.settings_file} cannot be read: {error}",
            hint="mend that line, or run podshift init again",
        ) from None


def _checked(settings: Settings) -> Settings:
    """ValueError for what only shows itself in a build otherwise."""
    images = settings.base_images
    if not isinstance(images, Mapping) or not all(isinstance(image, str) for image in images.values()):
        raise ValueError("base_images must be a table of names of images")
    if unknown := images.keys() - BASE_IMAGES:
        raise ValueError(f"base_images has no {', '.join(sorted(unknown))}; known are {', '.join(BASE_IMAGES)}")
    if settings.package_index not in PACKAGE_INDEXES:
        raise ValueError(f"package_index must be {' or '.join(PACKAGE_INDEXES)}, not {settings.package_index!r}")
    return settings


def save_settings(home: Home, settings: Settings) -> None:
    import tomli_w  # only init writes settings

    values = settings._asdict()
    if settings.edge:
        values["edge"] = settings.edge._asdict()
    else:
        del values["edge"]
    if not settings.base_images:
        del values["base_images"]  # an empty table at the end would take in what somebody adds below
    write_private(home.settings_file, tomli_w.dumps(values))


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, whole or not at all: a crash leaves the earlier one."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def make_private(folder: Path) -> Path:
    """The folder, made with its parents where it was not there, for this user alone."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    return folder


def shipped(*parts: str) -> Path:
    """A file that came with podshift: inside the wheel, or at the top level of a checkout."""
    package = Path(__file__).parent
    inside = package / "shipped"
    return (inside if inside.is_dir() else package.parents[1]).joinpath(*parts)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
