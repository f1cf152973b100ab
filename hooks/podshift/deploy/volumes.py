"""Data volumes: made for one app and labelled with it, and taken away only when somebody says so."""

from collections.abc import Iterator, Mapping

from podshift.deploy.containers import Blueprint
from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError
from podshift.model import Manifest, Order
from podshift.report import Log


def prepare_volumes(blueprint: Blueprint) -> None:
    """Make what the release's processes mount. Raises PodshiftError for a volume that is somebody else's."""
    installation, app = blueprint.installation, blueprint.app.name
    own = {"podshift.home": installation.label, "podshift.app": app}
    names = {name for process in blueprint.manifest.processes.values() for name in blueprint.volumes(process)}
    for name in sorted(names):
        ensure_volume(installation, name, own)


def ensure_volume(installation: Installation, name: str, own: Mapping[str, str]) -> None:
    """Make a volume with these labels. Raises PodshiftError for one that is there with others."""
    labels = installation.engine.volume_labels(name)
    if labels is None:
        installation.engine.create_volume(name, own)
    elif not own.items() <= labels.items():
        owner = labels.get("podshift.home") or "somebody else"
        raise PodshiftError(
            f"there is a volume {name} already, of {owner}",
            hint=f"{installation.settings.engine} volume rm {name} removes it with its data; or use another name",
        )


def sharing(manifest: Manifest) -> Iterator[str]:
    """A warning for each process whose two releases will have the same volume for a while."""
    for process in manifest.processes.values():
        if process.volumes and process.order is Order.START_FIRST:
            names = " and ".join(process.volumes)
            yield f'{process.name} starts first, so two releases share {names} for a moment; else: order = "stop-first"'


def settle_volumes(installation: Installation, log: Log, *, remove: bool, **labels: str) -> None:
    """After an app, or the installation, is gone: remove its volumes, or say which are kept."""
    names = installation.engine.volumes(home=installation.label, **labels)
    if not names:
        return
    if remove:
        installation.engine.remove_volumes(names)
        log.step("volumes", f"removed {', '.join(names)}")
        return
    log.step("volumes", f"kept {', '.join(names)}, with all data")
    log.line(f"hint: {installation.settings.engine} volume rm {' '.join(names)} removes them")
