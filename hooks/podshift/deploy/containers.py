"""Which containers a release needs: their names, places and `run` arguments."""

import ipaddress
from collections.abc import Iterator, Sequence

from podshift.deploy.installation import Installation
from podshift.engine import Container
from podshift.manifest import parse_manifest
from podshift.model import Manifest, Process, State
from podshift.records import App, Placed, Release
from podshift.render import container_arguments, run_policy
from podshift.rotate import New

# The upper half of an app's subnet is podshift's to give; the engine gives addresses from the lower end.
FIRST_HOST, LAST_HOST = 128, 250


def manifest_of(release: Release) -> Manifest:
    return parse_manifest(release.manifest, release.procfile)


def plan_containers(installation: Installation, app: App, release: Release, old: Sequence[Container]) -> list[New]:
    """Every container of a release, with a free name and address each."""
    addresses = free_addresses(app, old)
    names = {container.name for container in old}
    planned = []
    for process in manifest_of(release).processes.values():
        policy = policy_of(installation, app, release, process)
        indexes = (n for n in range(1, 1000) if f"{app.name}-{process.name}-{release.number}-{n}" not in names)
        for _ in range(process.replicas):
            name = f"{app.name}-{process.name}-{release.number}-{next(indexes)}"
            place = Placed(
                name, process.name, next(addresses), process.port or release.port,
                process.ready.path, int(process.hold),
            )  # fmt: skip
            planned.append(New(place, process, tuple(arguments_of(installation, app, release, process, place, policy))))
    return planned


def preview(installation: Installation, app: App) -> list[list[str]]:
    """What would be run for the live release, or for a first one that says nothing of itself."""
    release = installation.records.live_release(app.name) or Release(
        app.name, 1, "0" * 40, "", State.BUILDING, f"localhost/podshift/{app.name}:v1", None, None, 8080,
        "", 0.0, None, None, None,
    )  # fmt: skip
    return [list(new.arguments) for new in plan_containers(installation, app, release, [])]


def free_addresses(app: App, containers: Sequence[Container]) -> Iterator[str]:
    used = {container.address for container in containers}
    hosts = ipaddress.ip_network(app.subnet)
    candidates = (str(hosts[number]) for number in range(FIRST_HOST, LAST_HOST))
    return (address for address in candidates if address not in used)


def policy_of(installation: Installation, app: App, release: Release, process: Process) -> list[str]:
    folders = [installation.home.templates / app.name, installation.home.templates]
    return run_policy(
        folders, app=app.name, release=release.number, commit=release.commit, process=process,
        engine=installation.settings.engine,
    )  # fmt: skip


def arguments_of(
    installation: Installation,
    app: App,
    release: Release,
    process: Process,
    place: Placed,
    policy: Sequence[str],
) -> list[str]:
    """What goes after `run` for one container."""
    alias = [f"--network-alias={app.name}"] if process.is_web else []
    labels = {
        "podshift.home": installation.label,
        "podshift.app": app.name,
        "podshift.process": process.name,
        "podshift.release": str(release.number),
        "podshift.commit": release.commit,
        "podshift.address": place.address,
    }
    return container_arguments(
        name=place.name,
        labels=labels,
        network=[
            f"--network={installation.network(app.name)}",
            f"--ip={place.address}",
            f"--mac-address={mac_address(place.address)}",
            *alias,
        ],
        variables=variables(installation, release),
        policy=policy,
        image=release.image,
        command=process.command,
    )


def mac_address(address: str) -> str:
    """One hardware address for each IPv4 address, locally administered.

    The next container on an address may come seconds after the last; were its hardware address another, the
    proxy's kernel would go on sending to the old one until its neighbour table forgets (measured: 50 s).
    """
    return ":".join(("02", "70", *(f"{byte:02x}" for byte in ipaddress.ip_address(address).packed)))


def variables(installation: Installation, release: Release) -> dict[str, str]:
    """The environment of a release's containers."""
    return {
        **installation.records.release_variables(release),
        "PORT": str(manifest_of(release).web.port or release.port),
        "PODSHIFT_APP": release.app,
        "PODSHIFT_RELEASE": release.name,
        "PODSHIFT_COMMIT": release.commit,
    }
