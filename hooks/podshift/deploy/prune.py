"""What nobody will go back to: images of old releases, leftovers of builds, deploy logs."""

import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import accumulate, takewhile
from pathlib import Path
from typing import NamedTuple

from podshift.deploy.installation import Installation
from podshift.engine import Image
from podshift.errors import PodshiftError
from podshift.model import State
from podshift.records import App, Release
from podshift.report import Log, count
from podshift.settings import BACKUP_PREFIX, Home
from podshift.source.kept import last_used, throw_away

REPOSITORY = "localhost/podshift/{app}"
KEEP_LOGS = 50
KEEP_OUTPUTS, OUTPUT_BYTES = 20, 50_000_000
KEEP_EVENTS = 10_000
KEEP_CHECKOUT_SECONDS = 30 * 86400.0
ABANDONED_SECONDS = 86400.0
IN_USE = (State.LIVE, State.BUILDING, State.STARTING)
WERE_LIVE = (State.LIVE, State.RETIRED)
# How a build's output names what each of its steps made.
LAYER = re.compile(r"--> ([0-9a-f]{11,64})\s*$", re.MULTILINE)
# A build may print what looks like one as often as it likes; the engine is asked for so many at most.
MOST_LAYERS = 500


class Pruned(NamedTuple):
    """What was taken away."""

    images: tuple[str, ...]
    logs: int

    def __str__(self) -> str:
        return f"{count(len(self.images), 'image')} and {count(self.logs, 'log')} removed"


def prune(installation: Installation, app: App, *, thorough: bool = True) -> Pruned:
    """Take away what one app no longer needs. The caller holds the app's lock.

    `thorough`: among all images of the engine, which takes seconds where there are many; else among those that the
    builds' logs name.
    """
    images = prune_images(installation, app, thorough=thorough)
    used = last_used(checkout := installation.home.checkout(app.name))
    if used is not None and time.time() - used > KEEP_CHECKOUT_SECONDS:
        throw_away(checkout)
        throw_away(installation.home.fetched(app.name))
    return Pruned(tuple(images), _prune_logs(installation, app))


def prune_quietly(installation: Installation, app: App, log: Log) -> None:
    """At the end of a deploy, which is live already and cannot fail any more; but the pusher still waits."""
    try:
        prune(installation, app, thorough=False)
    except (PodshiftError, OSError) as error:
        log.step("prune", f"left for later: {error}")


def prune_home(home: Home) -> None:
    """Of the stories of podshift's own bugs the newest stay; of backups that were cut off nothing does."""
    for folder in home.path.glob(f"{BACKUP_PREFIX}*"):
        if _abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
    for path in sorted((home.path / "errors").glob("*.log"), reverse=True)[KEEP_LOGS:]:
        path.unlink(missing_ok=True)


def prune_images(installation: Installation, app: App, *, thorough: bool) -> list[str]:
    """Keep the images in use and those of the newest releases (`keep_images`, 5); give back what went.

    What has no tag is a stage or a broken-off build; it stays while a kept release was built with it.
    """
    engine, keep = installation.engine, _kept(installation, app)
    gone = [tag for tag in engine.image_tags(REPOSITORY.format(app=app.name)) if tag not in keep]
    engine.remove_images(gone)
    if installation.records.building(except_for=app.name):
        return gone  # what has no tag may be what the other build is about to use
    used = _layers(installation, app, _builds(keep) | {one.number for one in _newest(installation, app, 1)})
    if thorough:
        untagged = [one.id for one in own_images(installation, app.name) if one.dangling]
    else:
        made = _layers(installation, app, _builds(gone) | _failed_before(installation, app))
        untagged = engine.untagged(sorted(made - used)[:MOST_LAYERS], home=installation.label, app=app.name)
    left = [one for one in untagged if not any(one.startswith(layer) for layer in used)]
    engine.remove_images(left)
    return [*gone, *left]


def own_images(installation: Installation, app: str) -> list[Image]:
    """What the app's builds left in the engine: its own tags, and what has no tag."""
    found = installation.engine.images(home=installation.label, app=app)
    return [one for one in found if one.dangling or one.tag.startswith(f"{REPOSITORY.format(app=app)}:")]


def _kept(installation: Installation, app: App) -> set[str]:
    releases = installation.records.releases(app.name)
    usable = dict.fromkeys(one.image for one in releases if one.state in WERE_LIVE)
    newest = list(usable)[: installation.settings.keep_images]
    return {*newest, *(one.image for one in releases if one.state in IN_USE)}


def _failed_before(installation: Installation, app: App) -> set[int]:
    """The releases between the newest and the one that was live before it: nothing has looked after their builds."""
    earlier = installation.records.releases(app.name)[1:]
    return {one.number for one in takewhile(lambda one: one.state not in WERE_LIVE, earlier)}


def _layers(installation: Installation, app: App, builds: Iterable[int]) -> set[str]:
    """What these builds made or took from the cache: their logs say it."""
    found: set[str] = set()
    for number in builds:
        with suppress(FileNotFoundError):
            found.update(LAYER.findall(installation.home.log(app.name, number).read_text(errors="replace")))
    return found


def _prune_logs(installation: Installation, app: App) -> int:
    """The newest logs stay, and those of the builds of kept images; nameless ones only while somebody may write."""
    keep = _builds(_kept(installation, app)) | {one.number for one in _newest(installation, app, KEEP_LOGS)}
    names = {f"v{number}.log" for number in keep}
    folder = installation.home.log(app.name, 0).parent
    old = [path for path in folder.glob("v*.log") if path.name not in names]
    old += [path for path in folder.glob(".*.log") if _abandoned(path)]
    old += _old_outputs(installation, app, folder)
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _old_outputs(installation: Installation, app: App, folder: Path) -> list[Path]:
    """What containers printed that are gone: the newest stay, as long as they are not too large together."""
    present = {place.name for place in installation.records.containers().get(app.name, [])}
    gone = [(path.stat(), path) for path in folder.glob("*.out") if path.stem not in present]
    gone.sort(key=lambda one: one[0].st_mtime, reverse=True)
    bytes_up_to = list(accumulate(facts.st_size for facts, _ in gone))
    return [path for n, (_, path) in enumerate(gone) if n >= KEEP_OUTPUTS or bytes_up_to[n] > OUTPUT_BYTES]


def _abandoned(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    return False


def _builds(images: Iterable[str]) -> set[int]:
    """The releases that these images were built for; their tags say it."""
    numbers = (image.rpartition(":v")[2] for image in images)
    return {int(number) for number in numbers if number.isdecimal()}


def _newest(installation: Installation, app: App, number: int) -> list[Release]:
    return installation.records.releases(app.name)[:number]
