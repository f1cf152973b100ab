"""What the operator grants to an app, and takes back."""

import getpass
from collections.abc import Sequence
from pathlib import Path

from podshift.deploy.installation import Installation
from podshift.deploy.networks import open_networks
from podshift.deploy.proxy import ensure_proxy, synchronise_maps
from podshift.errors import PodshiftError
from podshift.grants import Grant, parse_grant
from podshift.lock import exclusive
from podshift.manifest import parse_manifest
from podshift.records import App
from podshift.report import Log


def allow(installation: Installation, name: str, texts: Sequence[str], log: Log) -> None:
    """Grant all of these, or none. Links hold at once, all else from the next rotation on. Raises PodshiftError."""
    grants = [parse_grant(text) for text in texts]
    with exclusive(installation.home.apps_lock):
        app = installation.app(name)
        for grant in grants:
            _check(installation, app, grant)
        with installation.records.transaction():
            for grant in grants:
                installation.records.add_grant(name, str(grant), _other(grant))
    _publish(installation, grants, log)


def disallow(installation: Installation, name: str, texts: Sequence[str], log: Log) -> None:
    """Take these grants back, all or none. Raises PodshiftError for one that there is not."""
    grants = [parse_grant(text) for text in texts]
    with exclusive(installation.home.apps_lock):
        installation.app(name)
        present = installation.records.grants(name)
        if missing := [str(grant) for grant in grants if str(grant) not in present]:
            raise PodshiftError(f"{name} was not granted {', '.join(missing)}", hint=f"podshift allow {name}")
        with installation.records.transaction():
            for grant in grants:
                installation.records.remove_grant(name, str(grant))
    _publish(installation, grants, log)


def needs_rotation(texts: Sequence[str]) -> bool:
    """Does any of these become a part of what containers are run with?"""
    return any(parse_grant(text).option for text in texts)


def unused_links(installation: Installation, app: App) -> list[str]:
    """Links that were granted, and that the live release does not ask for."""
    live = installation.records.live_release(app.name)
    wanted = parse_manifest(live.manifest, live.procfile, live.app_json).links if live else ()
    return [other for other in app.links if other not in wanted]


def _check(installation: Installation, app: App, grant: Grant) -> None:
    if grant.kind == "link":
        _check_link(installation, app, grant.value)
    elif grant.kind == "volume":
        labels = installation.engine.volume_labels(grant.source)
        if labels is None or labels.get("podshift.home") != installation.label:
            raise PodshiftError(f"there is no volume {grant.source} of an app of this installation")
    elif grant.kind in ("path", "device"):
        _check_path(installation, Path(grant.source))


def _check_link(installation: Installation, app: App, other: str) -> None:
    if other == app.name:
        raise PodshiftError(f"{other} reaches itself anyway")
    if one := next((one for one in (app, installation.app(other)) if one.by_alias), None):
        raise PodshiftError(f"links go through podshift's proxy, and {one.name} is found by its network alias")
    if app in open_networks(installation):
        raise PodshiftError(
            f"the network of {app.name} is an older podshift's, and the proxy has no fixed place on it",
            hint=f"podshift stop {app.name}; podshift start {app.name}",
        )


def _check_path(installation: Installation, path: Path) -> None:
    try:
        real = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise PodshiftError(f"there is no {path} on this server") from None
    except (OSError, RuntimeError) as error:  # a link that leads in a circle is a RuntimeError
        why = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise PodshiftError(
            f"{getpass.getuser()} cannot see {path}: {why}", hint="grant a path that this user may read"
        ) from None
    home = installation.home.path
    if real.is_relative_to(home) or home.is_relative_to(real):
        raise PodshiftError(f"{path} would show podshift's own files to the app", hint="grant another path")


def _other(grant: Grant) -> str | None:
    return {"link": grant.value, "volume": grant.value.partition(".")[0]}.get(grant.kind)


def _publish(installation: Installation, grants: Sequence[Grant], log: Log) -> None:
    if any(grant.kind == "link" for grant in grants):
        ensure_proxy(installation, log)
        installation.write_proxy_files()
        synchronise_maps(installation)
