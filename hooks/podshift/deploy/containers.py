"""Which containers a release needs: their names, places and `run` arguments."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from podshift.deploy.addresses import MOST_CONTAINERS, Present, free_addresses, mac_address, proxy_address
from podshift.deploy.installation import Installation
from podshift.engine import Container
from podshift.errors import PodshiftError
from podshift.grants import parse_grant
from podshift.manifest import parse_manifest
from podshift.model import Manifest, Process, State
from podshift.records import App, Placed, Release
from podshift.render import container_arguments, run_policy

if TYPE_CHECKING:
    from podshift.rotate import New

# Processes of containers that somebody runs once; no record says that they should be there.
RELEASE_COMMAND = "release"
ONE_OFF = ("run", RELEASE_COMMAND)


@dataclass(frozen=True)
class Blueprint:
    """A release of an app, as containers."""

    installation: Installation
    app: App
    release: Release

    @cached_property
    def manifest(self) -> Manifest:
        manifest = parse_manifest(self.release.manifest, self.release.procfile, self.release.app_json)
        return with_healthcheck(manifest) if self.release.healthcheck else manifest

    @cached_property
    def variables(self) -> dict[str, str]:
        """The environment of every container: the release's own config, and what podshift always gives."""
        return {
            **self.installation.records.release_variables(self.release),
            "PORT": str(self.port),
            "PODSHIFT_APP": self.release.app,
            "PODSHIFT_RELEASE": self.release.name,
            "PODSHIFT_COMMIT": self.release.commit,
        }

    @property
    def port(self) -> int:
        return self.manifest.web.port or self.release.port

    def replicas(self, process: Process) -> int:
        """What the operator asked for with `podshift scale`, else what the manifest says."""
        return self.installation.records.scale(self.app.name).get(process.name, process.replicas)

    @property
    def overridden(self) -> str:
        """Where the operator's numbers are others than the repository's, in words; empty: nowhere."""
        pairs = ((one.name, self.replicas(one), one.replicas) for one in self.manifest.processes.values())
        differing = [(name, number, own) for name, number, own in pairs if number != own]
        if not differing:
            return ""
        file = "podshift.toml" if self.release.app_json is None else "the repository"  # app.json has a formation
        ours = " ".join(f"{name}={number}" for name, number, _ in differing)
        theirs = " ".join(f"{name}={own}" if len(differing) > 1 else f"{own}" for name, _, own in differing)
        return f"{ours} (podshift scale); {file} has {theirs}"

    @property
    def scaled_to_nothing(self) -> bool:
        return not any(map(self.replicas, self.manifest.processes.values()))

    @property
    def stopped(self) -> bool:
        """The app should run no container at all, and not because every process is scaled to nothing."""
        return not self.installation.records.containers().get(self.app.name) and not self.scaled_to_nothing

    def containers(self, present: Sequence[Present]) -> list["New"]:
        """Every container of the release, with names and addresses that none of `present` has.

        Raises PodshiftError for more than an app's network has room for.
        """
        refuse_too_many(self.app.name, sum(map(self.replicas, self.manifest.processes.values())))
        addresses = free_addresses(self.app, present)
        return [
            new
            for process in self.manifest.processes.values()
            for new in self.of_process(process, self.replicas(process), present, addresses)
        ]

    def of_process(
        self, process: Process, count: int, present: Sequence[Present], addresses: Iterator[str]
    ) -> list["New"]:
        """So many further containers of one process.

        `api-web` of an app `shop` and `web` of an app `shop-api` begin alike, so no other app's name is taken either.
        """
        from podshift.rotate import New  # a build does without, and a push waits for what is imported before it

        recorded = self.installation.records.containers().items()
        names = {place.name for app, places in recorded if app != self.app.name for place in places}
        names |= {one.name for one in present}
        prefix = f"{self.app.name}-{process.name}-{self.release.number}"
        free = (f"{prefix}-{n}" for n in range(1, 1000) if f"{prefix}-{n}" not in names)
        hold = round(process.hold) if process.is_web else 0
        policy = self.policy(process)
        planned = []
        for _ in range(count):
            place = Placed(next(free), process.name, next(addresses), self.port, process.ready.path, hold)
            planned.append(New(place, process, tuple(self.arguments(process, place, policy))))
        return planned

    def volumes(self, process: Process) -> dict[str, str]:
        """A volume's name on the engine → its path inside. No app's name has a dot, so no two apps share one."""
        return {f"{self.app.name}.{name}": path for name, path in process.volumes.items()}

    @property
    def templates(self) -> list[Path]:
        """Where the operator's own templates for this app may be."""
        home = self.installation.home
        return [home.templates / self.app.name, home.templates]

    def policy(self, process: Process) -> list[str]:
        policy = run_policy(
            self.templates,
            app=self.app.name,
            release=self.release.number,
            commit=self.release.commit,
            process=process,
            volumes=self.volumes(process),
            engine=self.installation.settings.engine,
        )
        # podman refuses a capability that is both dropped and added
        granted = {option.replace("--cap-add=", "--cap-drop=").lower() for option in self.granted}
        return [argument for argument in policy if argument.lower() not in granted]

    def arguments(self, process: Process, place: Placed, policy: Sequence[str] | None = None) -> list[str]:
        """What goes after `run` for one container at its place."""
        policy = self.policy(process) if policy is None else policy
        log = self.installation.home.container_log(self.app.name, place.name)
        return container_arguments(
            name=place.name,
            labels={**self._labels(process.name), "podshift.address": place.address},
            network=self._network(process, place),
            variables=self.variables,
            policy=[*policy, *self.installation.engine.own_log(policy, str(log)), *self.granted],
            image=self.release.image,
            command=process.command,
        )

    def _network(self, process: Process, place: Placed) -> list[str]:
        if process.is_web and self.app.by_alias:  # it joins the app's network, under the alias, when it is ready
            return [f"--network={self.installation.start_network(self.app.name)}"]
        return [
            f"--network={self.installation.network(self.app.name)}",
            f"--ip={place.address}",
            f"--mac-address={mac_address(place.address)}",
            *([f"--network-alias={self.app.name}"] if process.is_web else []),
            *self._links(),
        ]

    @cached_property
    def granted(self) -> list[str]:
        """What the operator allows this app beyond the template's policy, as of today."""
        grants = map(parse_grant, self.installation.records.grants(self.app.name))
        return [grant.option for grant in grants if grant.option]

    def _links(self) -> list[str]:
        """The names of linked apps lead to the proxy, which knows what was granted."""
        return [f"--add-host={other}:{proxy_address(self.app.subnet)}" for other in self.manifest.links]

    def one_off(self, kind: str, command: Sequence[str], mode: Sequence[str]) -> tuple[str, list[str]]:
        """The name and the arguments of a container that runs a command once, with the policy of `web`."""
        name = f"{self.app.name}-{kind}-{self.release.number}-{secrets.randbelow(900_000) + 100_000}"
        policy = [one for one in self.policy(self.manifest.web) if not one.startswith("--restart")]
        return name, container_arguments(
            name=name,
            labels={**self._labels(kind), "podshift.address": "", "podshift.log": ""},
            network=[f"--network={self.installation.network(self.app.name)}", *self._links()],
            variables=self.variables,
            policy=[*policy, *self.granted],
            image=self.release.image,
            command=command,
            mode=("--rm", *mode),
        )

    def _labels(self, process: str) -> dict[str, str]:
        """All that podshift reads of any container: what is not said here, the image could say with LABEL."""
        return {
            "podshift.home": self.installation.label,
            "podshift.role": "app",
            "podshift.app": self.app.name,
            "podshift.process": process,
            "podshift.release": str(self.release.number),
            "podshift.commit": self.release.commit,
        }


def refuse_too_many(app: str, containers: int) -> None:
    """Raises PodshiftError for more than can be replaced by as many new ones."""
    if containers > MOST_CONTAINERS:
        raise PodshiftError(
            f"{app} would have {containers} containers, and {MOST_CONTAINERS} is the most",
            hint=f"fewer replicas in podshift.toml, or podshift scale {app} web=…",
        )


def with_healthcheck(manifest: Manifest) -> Manifest:
    """Every process is ready only when the health check of its image passes."""
    ready = {name: one.ready._replace(healthcheck=True) for name, one in manifest.processes.items()}
    return manifest._replace(
        processes={name: one._replace(ready=ready[name]) for name, one in manifest.processes.items()}
    )


def lasting_containers(installation: Installation, app: App) -> list[Container]:
    """The app's containers, running or not, without those that somebody runs once."""
    found = installation.engine.containers(home=installation.label, app=app.name)
    return [container for container in found if container.process not in ONE_OFF]


def preview(installation: Installation, app: App) -> list[list[str]]:
    """What would be run for the live release, or for a first one that says nothing of itself."""
    release = installation.records.live_release(app.name) or Release(
        app.name, 1, "0" * 40, "", State.BUILDING, f"localhost/podshift/{app.name}:v1", None, None, 8080,
        "", 0.0, None, None, None,
    )  # fmt: skip
    return [list(new.arguments) for new in Blueprint(installation, app, release).containers([])]
