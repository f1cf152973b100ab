"""More or fewer containers of a process, without touching those that stay."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from podshift.deploy.addresses import free_addresses
from podshift.deploy.containers import Blueprint, lasting_containers, refuse_too_many
from podshift.deploy.release.change import Change, changing, live_release, telling_what_serves
from podshift.deploy.release.rollout import LiveBooks
from podshift.deploy.volumes import prepare_volumes
from podshift.engine import Container
from podshift.errors import PodshiftError
from podshift.model import Order
from podshift.records import Placed
from podshift.report import count
from podshift.rotate import New, plan_rotation

MOST_REPLICAS = 50


@dataclass
class ScaledBooks(LiveBooks):
    """What stays is written down beside what is new."""

    kept: Sequence[Placed] = ()
    wanted: Mapping[str, int | None] = field(default_factory=dict)

    def commit(self, new: Sequence[New]) -> None:
        self.write([*self.kept, *(one.place for one in new)], self.wanted)


def scale(change: Change, asked: Mapping[str, int | None]) -> None:
    """Bring each process to so many containers; None: as many as its repository says, from now on.

    All or nothing: when one does not come up, all is as before.
    """
    what = ", ".join(f"{process}={'' if replicas is None else replicas}" for process, replicas in asked.items())
    with changing(change, "scale", what):
        installation, app = change.installation, change.app
        live = live_release(change)
        blueprint = Blueprint(installation, app, live)
        refuse_unknown(asked, blueprint)
        processes = blueprint.manifest.processes
        wanted = {name: processes[name].replicas if number is None else number for name, number in asked.items()}
        _refuse_out_of_range(wanted, blueprint)
        numbers = ", ".join(f"{process}={replicas}" for process, replicas in wanted.items())
        if blueprint.stopped:
            with installation.records.transaction():
                for process, replicas in asked.items():
                    installation.records.set_scale(app.name, process, replicas)
            change.log.success(f"{app.name} is stopped; podshift start {app.name} will run {numbers}")
            return
        present = lasting_containers(installation, app)
        new, surplus = difference(blueprint, wanted, present)
        gone = {container.name for container in surplus}
        recorded = installation.records.containers().get(app.name, [])
        books = ScaledBooks(installation, app, live, change.log, change.cancellation)
        books.kept = [place for place in recorded if place.name not in gone]
        books.wanted = asked
        prepare_volumes(blueprint)
        plan = plan_rotation(new, surplus, processes)
        with telling_what_serves(change):
            books.rotation(blueprint.variables).apply(plan)
        done = f"{count(len(new), 'container')} started, {len(surplus)} stopped"
        change.log.success(f"{app.name} runs {numbers}: {done}")


def difference(
    blueprint: Blueprint, wanted: Mapping[str, int], present: Sequence[Container]
) -> tuple[list[New], list[Container]]:
    """Containers to start, and containers to stop: those with the highest numbers."""
    new: list[New] = []
    surplus: list[Container] = []
    addresses = free_addresses(blueprint.app, present)
    for name, replicas in wanted.items():
        running = sorted((one for one in present if one.process == name), key=lambda one: one.index)
        surplus += running[replicas:]
        # Further containers run beside the present ones, whatever the order of a rotation is.
        process = blueprint.manifest.processes[name]._replace(order=Order.START_FIRST)
        new += blueprint.of_process(process, max(0, replicas - len(running)), present, addresses)
    return new, surplus


def refuse_unknown(names: Iterable[str], blueprint: Blueprint) -> None:
    known = blueprint.manifest.processes
    for name in names:
        if name not in known:
            raise PodshiftError(f"{blueprint.app.name} has no process {name!r}", hint=f"it has {', '.join(known)}")


def _refuse_out_of_range(wanted: Mapping[str, int], blueprint: Blueprint) -> None:
    for name, replicas in wanted.items():
        if not 0 <= replicas <= MOST_REPLICAS:
            raise PodshiftError(f"{name}={replicas} is out of range", hint=f"0 to {MOST_REPLICAS}")
    numbers = {name: blueprint.replicas(process) for name, process in blueprint.manifest.processes.items()}
    refuse_too_many(blueprint.app.name, sum({**numbers, **wanted}.values()))
