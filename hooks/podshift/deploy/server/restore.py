"""A backup becomes an installation again, on a machine that has none in this place."""

import json
import re
import shutil
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import error as ZlibError  # noqa: N812 - an exception by its kind's name

from podshift.deploy.app.apps import make_repository
from podshift.deploy.edge.image import EDGE_IMAGES
from podshift.deploy.installation import Installation
from podshift.deploy.server.backup import ABOUT, DATABASE, FORMAT, SETTINGS
from podshift.deploy.server.proxyimage import PROXY_IMAGES
from podshift.deploy.server.setup import Wanted, init
from podshift.engine import select_engine
from podshift.errors import PodshiftError
from podshift.model import check_app_name
from podshift.records import Records
from podshift.settings import PRIVATE_FILE, Home, load_settings, make_home, make_private, save_settings
from podshift.source import Repository

Say = Callable[[str], None]

BUNDLE = re.compile(r"repositories/[a-z][a-z0-9-]{0,39}\.bundle")
TEMPLATE = re.compile(r"templates(/[A-Za-z0-9_][A-Za-z0-9._-]*)+")
OWN_IMAGES = (f"{PROXY_IMAGES}:", f"{EDGE_IMAGES}:")


def restore(home: Home, file: Path, engine: str | None, say: Say) -> None:
    """Unpack `file` and adapt it to this machine. Raises PodshiftError; then there is nothing in `home`, or, once all
    is unpacked, an installation that `podshift init` goes on with."""
    make_home(home)
    if any(home.path.iterdir()):
        raise PodshiftError(f"{home.path} is not empty", hint="restore to another PODSHIFT_HOME, or uninstall first")
    home.path.chmod(0o700)
    try:
        _unpack(home, file)
        apps = _adapt(home, engine)
    except BaseException:
        for path in home.path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
    say(f"restored {apps} into {home.path}")
    try:
        init(home, Wanted(), say)
    except PodshiftError as error:
        raise PodshiftError(
            f"all is restored, but this machine is not ready: {error.message}",
            hint=f"{error.hint or 'mend that'}; then: podshift init", details=error.details,
        ) from None  # fmt: skip


def _unpack(home: Home, file: Path) -> None:
    """Names are checked, never trusted; files are made by us, links and devices never."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            for member in archive:
                if not member.isreg() or not _is_known(member.name):
                    raise PodshiftError(f"{file} has {member.name!r} in it, which no backup has")
                source = archive.extractfile(member)
                target = home.path / member.name
                make_private(target.parent)
                with target.open("xb") as stream:
                    target.chmod(PRIVATE_FILE)
                    shutil.copyfileobj(source, stream)  # type: ignore[arg-type] # a regular file has content
    except (tarfile.TarError, EOFError, OSError, ZlibError) as error:
        raise PodshiftError(f"{file} cannot be restored: {error}", hint="take another backup") from None
    _check_format(home.path / ABOUT, file)
    (home.path / ABOUT).unlink()


def _is_known(name: str) -> bool:
    known = name in (ABOUT, DATABASE, SETTINGS) or BUNDLE.fullmatch(name) or TEMPLATE.fullmatch(name)
    return bool(known) and ".." not in name.split("/")


def _check_format(about: Path, file: Path) -> None:
    try:
        told = json.loads(about.read_text())["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise PodshiftError(f"{file} is no backup of podshift's", hint="podshift backup FILE makes one") from None
    if told != FORMAT:
        raise PodshiftError(f"{file} was made by another podshift (format {told})", hint="use that version")


def _portable(image: str) -> str:
    """An image that was made on the other machine is made, or got, anew here."""
    return "" if image.startswith(OWN_IMAGES) else image


def _adapt(home: Home, engine: str | None) -> str:
    """Repositories from their bundles, with this podshift's hooks; and nothing that belonged to the other machine."""
    settings = load_settings(home)
    edge = settings.edge and settings.edge._replace(image=_portable(settings.edge.image))
    image = _portable(settings.proxy_image)
    settings = settings._replace(proxy_image=image, edge=edge, runtime_folder="", engine_options=())
    save_settings(home, settings._replace(engine=select_engine(engine or settings.engine)))
    with closing(Records(home.database)) as records:
        records.check()
    with Installation(home) as installation:
        apps = installation.records.apps()
        for app in apps:
            check_app_name(app.name)
            make_private(home.app_folder(app.name) / "logs")
            make_repository(installation, app.name, app.branch, app.object_format)
            bundle = home.repository(app.name).with_name(f"{app.name}.bundle")
            if bundle.exists():
                Repository(home.repository(app.name)).read("fetch", "--quiet", str(bundle), "+refs/*:refs/*")
    for bundle in home.path.glob("repositories/*.bundle"):
        bundle.unlink()
    return f"{len(apps)} apps" if len(apps) != 1 else "1 app"
