"""stop, start, restart: whether an app runs. A stopped one has a live release, and no container that should run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from podshift.deploy.addresses import free_addresses
from podshift.deploy.build.image import ensure_image
from podshift.deploy.containers import Blueprint, lasting_containers
from podshift.deploy.proxy import renew_network
from podshift.deploy.release.change import Change, changing, live_release, run_again, telling_what_serves
from podshift.deploy.release.rollout import LiveBooks, roll_out
from podshift.deploy.release.scale import ScaledBooks, refuse_unknown
from podshift.deploy.volumes import prepare_volumes
from podshift.errors import PodshiftError
from podshift.report import count
from podshift.rotate import New, plan_rotation, plan_stop


@dataclass
class StoppedBooks(LiveBooks):
    """The release stays live; nothing of it should run."""

    def commit(self, new: Sequence[New]) -> None:
        self.write([one.place for one in new])


def stop(change: Change) -> None:
    """Stop every container, and keep the app stopped over `podshift up` until start or a push."""
    with changing(change, "stop"):
        installation, app = change.installation, change.app
        live = live_release(change)
        blueprint = Blueprint(installation, app, live)
        old = lasting_containers(installation, app)
        for container in old:
            change.log.step("stop", container.name)
        books = StoppedBooks(installation, app, live, change.log, change.cancellation)
        rotation = books.rotation({})
        rotation.apply(plan_stop(old, blueprint.manifest.processes))
        if rotation.cut:
            change.log.line(f"{count(rotation.cut, 'request')} still in flight when the drain time was up")
        change.log.success(f"{app.name} is stopped; podshift start {app.name} runs {live.name} again")


def start(change: Change) -> None:
    """Run the live release of a stopped app."""
    with changing(change, "start"):
        if change.installation.records.containers().get(change.app.name):
            change.log.success(f"{change.app.name} runs already")
        else:
            renew_network(change.installation, change.app)
            _again(replace(change, app=change.installation.app(change.app.name)), "start")


def restart(change: Change, processes: Sequence[str] = ()) -> None:
    """New containers of the live release, with the same overlap as a deploy; of these processes, or of all."""
    with changing(change, "restart"):
        if processes:
            _replace(change, processes)
        else:
            _again(change, "restart")


def _again(change: Change, what: str) -> None:
    """A rotation to the live release. New config is a new release."""
    installation, app = change.installation, change.app
    live = live_release(change)
    blueprint = Blueprint(installation, app, live)
    if blueprint.scaled_to_nothing:
        raise PodshiftError(f"{app.name} is scaled to no container at all", hint=f"podshift scale {app.name} web=1")
    config = installation.records.variables(app.name)
    if config != installation.records.release_variables(live):
        run_again(change, live, config, f"{what} with new config")
        return
    change.log.rename(installation.home.log(app.name, live.number).with_name(f"{what}.log"))
    change.log.line(f"{app.name} {live.name}: {what}")
    with telling_what_serves(change):
        ensure_image(installation, app, live, change.log)
        roll_out(installation, app, live, change.log, change.cancellation)


def _replace(change: Change, names: Sequence[str]) -> None:
    """New containers of some processes. The others stay, so the release and its config must stay too."""
    installation, app, records = change.installation, change.app, change.installation.records
    live = live_release(change)
    recorded = records.containers().get(app.name, [])
    if not recorded:
        raise PodshiftError(f"{app.name} is stopped", hint=f"podshift start {app.name}")
    blueprint = Blueprint(installation, app, live)
    refuse_unknown(names, blueprint)
    if records.variables(app.name) != records.release_variables(live):
        raise PodshiftError(
            f"the config has changed since {live.name} went live",
            hint=f"podshift restart {app.name} gives it to all processes",
        )
    prepare_volumes(blueprint)
    present = lasting_containers(installation, app)
    addresses = free_addresses(app, present)
    processes = [process for process in blueprint.manifest.processes.values() if process.name in names]
    new = [
        one
        for process in processes
        for one in blueprint.of_process(process, blueprint.replicas(process), present, addresses)
    ]
    books = ScaledBooks(installation, app, live, change.log, change.cancellation)
    books.kept = [place for place in recorded if place.process not in names]
    with telling_what_serves(change):
        books.rotation(blueprint.variables).apply(plan_rotation(new, [one for one in present if one.process in names]))
    change.log.success(f"{app.name} {live.name}: {count(len(new), 'new container')} of {', '.join(names)}")
