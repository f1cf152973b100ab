"""Where an installation keeps its things, and how files and folders of it are made."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from podshift.errors import PodshiftError, no_room

BACKUP_PREFIX = ".backup-"
DEFAULT_HOME = "~/.local/share/podshift"
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


class Home(NamedTuple):
    """The folders and names of one installation; `path` is its PODSHIFT_HOME."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """Raises PodshiftError where ~ leads nowhere."""
        named = os.environ.get("PODSHIFT_HOME") or DEFAULT_HOME
        try:
            return cls(Path(named).expanduser().resolve())
        except RuntimeError:
            what = f"{named}: nobody knows where {named.partition('/')[0]} is"
            raise PodshiftError(what, hint="set PODSHIFT_HOME to a path that begins with /") from None

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


def make_home(home: Home) -> None:
    """The installation's folder, this user's own. Raises PodshiftError where it cannot be that."""
    try:
        make_private(home.path)
        if not os.access(home.path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(home.path))
    except OSError as error:
        raise no_room(error) or unusable(home, error) from None


def unusable(home: Home, error: OSError) -> PodshiftError:
    """Why this user cannot have an installation there: mostly it is another user's."""
    from pwd import getpwuid

    def name(uid: int) -> str:
        try:
            return getpwuid(uid).pw_name
        except KeyError:
            return f"user {uid}"

    met = Path(error.filename or home.path)
    at = next(path for path in (met, *met.parents) if os.path.lexists(path))
    owner, me = at.lstat().st_uid, os.geteuid()
    if isinstance(error, NotADirectoryError | FileExistsError):
        return PodshiftError(f"{at} is no folder", hint="set PODSHIFT_HOME to one")
    if not isinstance(error, PermissionError):
        return PodshiftError(f"{met} cannot be used: {error.strerror}", hint="set PODSHIFT_HOME to another folder")
    if owner == me:
        return PodshiftError(f"{at} cannot be used: {error.strerror}", hint=f"chmod u+rwx {at}")
    inside = at != home.path and home.path in at.parents and home.path.stat().st_uid == me
    hint = f"as root: chown -R {name(me)} {home.path}" if inside else f"log in as {name(owner)}, or set PODSHIFT_HOME"
    return PodshiftError(f"{at} belongs to {name(owner)}, and you are {name(me)}", hint=hint)


def shipped(*parts: str) -> Path:
    """A file that came with podshift: inside the wheel, or at the top level of a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "shipped"
    return (inside if inside.is_dir() else package.parents[1]).joinpath(*parts)
