"""One archive with all that cannot be made again: records, settings, templates, repositories."""

import json
import os
import tarfile
import time
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.records import Records
from podshift.settings import BACKUP_PREFIX, PRIVATE_FILE, Home
from podshift.source import Repository

FORMAT = 1
ABOUT, DATABASE, SETTINGS = "backup.json", "podshift.db", "settings.toml"
LIVE_REF = "refs/podshift/live"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup has in it."""

    apps: int
    bytes: int


def backup(installation: Installation, file: Path) -> Contents:
    """Write `file`, for this user's eyes only, whole or not at all. Deploys may go on meanwhile."""
    part = file.with_name(f".{file.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, PRIVATE_FILE)
            with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as archive:
                apps = _write(installation, archive)
            stream.flush()
            os.fsync(descriptor)
        part.replace(file)
    except OSError as error:
        what = f"{file} cannot be written: {error.strerror or error}"
        raise PodshiftError(what, hint="choose another place") from None
    finally:
        part.unlink(missing_ok=True)
    return Contents(apps, file.stat().st_size)


def _write(installation: Installation, archive: tarfile.TarFile) -> int:
    """The records come first: what they say is live is in the repositories, which only grow."""
    home = installation.home
    with TemporaryDirectory(prefix=BACKUP_PREFIX, dir=home.path) as folder:
        copy = Path(folder) / DATABASE
        installation.records.copy_to(copy)
        about = {"format": FORMAT, "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "home": str(home.path)}
        _add(archive, ABOUT, json.dumps(about).encode())
        _add(archive, DATABASE, copy)
        _add(archive, SETTINGS, home.settings_file)
        for path in sorted(home.templates.rglob("*")):
            if path.is_file():
                _add(archive, f"templates/{path.relative_to(home.templates)}", path)
        with closing(Records(copy)) as records:
            lives = {app.name: records.live_release(app.name) for app in records.apps()}
        for name, live in lives.items():
            bundle = Path(folder) / f"{name}.bundle"
            if bundle_repository(home, name, live.commit if live else None, bundle):
                _add(archive, f"repositories/{name}.bundle", bundle)
            bundle.unlink(missing_ok=True)
    return len(lives)


def _add(archive: tarfile.TarFile, name: str, content: Path | bytes) -> None:
    with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        member = tarfile.TarInfo(name)
        member.size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        member.mode = PRIVATE_FILE
        member.mtime = int(time.time())
        archive.addfile(member, stream)


def bundle_repository(home: Home, app: str, live: str | None, bundle: Path) -> bool:
    """All branches and tags, and the live commit even where no branch has it any more. False: nothing was pushed."""
    if not home.repository(app).exists():
        return False
    repository = Repository(home.repository(app))
    if live:
        repository.read("update-ref", LIVE_REF, live)
    if not repository.read("for-each-ref", "--count=1"):
        return False
    repository.read("bundle", "create", "--quiet", str(bundle), "--all")
    return True
