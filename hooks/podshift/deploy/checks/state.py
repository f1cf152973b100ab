"""What stands on the machine: the proxy, the hooks, the units, and whether records and containers agree."""

import http.client
from collections.abc import Iterator, Mapping

from podshift.deploy.app.apps import HOOKS, hook_text
from podshift.deploy.checks.answer import http_answer
from podshift.deploy.checks.finding import Finding, error, fine, warning
from podshift.deploy.containers import ONE_OFF
from podshift.deploy.installation import Installation
from podshift.deploy.proxy import outdated, published
from podshift.deploy.server.status import MISSING, AppStatus, ContainerStatus, statuses
from podshift.lock import AppLock
from podshift.source import Repository


def check_proxy(installation: Installation) -> Iterator[Finding]:
    """Podshift reaches it, and so do clients."""
    if not installation.settings.has_proxy:
        return
    if not installation.proxy.reachable():
        yield error("proxy", "it does not answer", "podshift up")
        return
    listen = installation.settings.listen
    if (own := published(installation)) not in (None, listen):
        yield error("proxy", f"it listens on {own}, and settings.toml says {listen}", "podshift init")
        return
    try:
        http_answer(listen)
    except (OSError, http.client.HTTPException) as problem:
        yield error("proxy", f"it runs, but {listen} does not answer: {problem}", "podshift init")
        return
    if outdated(installation):
        what = f"answers on {listen}, but not by this podshift's haproxy.cfg: not all that is here can be done"
        yield warning(
            "proxy", what, "podshift init starts it anew, a moment without answers; or mend your own template"
        )
    else:
        yield fine("proxy", f"answers on {listen}")


def check_hooks(installation: Installation) -> Iterator[Finding]:
    """A push reaches this very podshift."""
    for app in installation.records.apps():
        folder = installation.home.repository(app.name) / "hooks"
        for hook in HOOKS:
            path = folder / hook
            if not path.is_file() or path.read_text() != hook_text(hook) or not path.stat().st_mode & 0o100:
                yield error("hooks", f"{path} is not this podshift's", "podshift init")
                return
    yield fine("hooks", "in every repository")


def check_branches(installation: Installation) -> Iterator[Finding]:
    """What stands on a deploy branch was deployed, or was not to be: git moves it a moment before the deploy begins."""
    records = installation.records
    for app in records.apps():
        tip = Repository(installation.home.repository(app.name)).tip(app.branch)
        known = {*records.skipped(app.name), *(one.commit for one in records.releases(app.name))}
        if tip and tip not in known and not AppLock(installation.home.lock(app.name)).holder():
            found = f"{app.branch} of {app.name} is at {tip[:7]}, which no deploy was begun for"
            yield warning("branch", found, f"podshift deploy {app.name}")


def check_agreement(installation: Installation) -> Iterator[Finding]:
    """Records and containers say the same, for every app; and there are no containers of nobody's."""
    recorded = installation.records.containers()
    found = statuses(installation)
    names = [container.container for one in found for container in _lasting(one) if container.state != MISSING]
    restarts = installation.engine.restarts(names)
    for one in found:
        yield _agreement(one, {place.name for place in recorded.get(one.app.name, [])}, restarts)
    apps = {one.app.name for one in found}
    strays = [
        one.name for one in installation.engine.containers(home=installation.label) if one.app and one.app not in apps
    ]
    if strays:
        fix = f"{installation.settings.engine} rm --force {' '.join(strays)}"
        yield warning("strays", f"containers of apps that are gone: {', '.join(strays)}", fix)


def _lasting(status: AppStatus) -> list[ContainerStatus]:
    return [one for process, containers in status.processes.items() if process not in ONE_OFF for one in containers]


def _agreement(status: AppStatus, wanted: set[str], restarts: Mapping[str, int]) -> Finding:
    check = f"app {status.app.name}"
    running = {container.container for container in _lasting(status) if container.state == "running"}
    if status.deploying:
        return fine(check, f"under way: {status.deploying}")
    if running == wanted:
        return _restarted(status, restarts) or fine(check, "stopped" if status.stopped else "runs what the records say")
    missing, surplus = sorted(wanted - running), sorted(running - wanted)
    words = [f"{', '.join(names)} {what}" for names, what in ((missing, "missing"), (surplus, "too many")) if names]
    return error(check, "; ".join(words), f"podshift up {status.app.name}")


def _restarted(status: AppStatus, restarts: Mapping[str, int]) -> Finding | None:
    """One that ends and is started again for ever runs nearly whenever one looks."""
    again = {one: restarts[one.container] for one in _lasting(status) if restarts.get(one.container)}
    if not again:
        return None
    times = ("once" if number == 1 else f"{number} times" for number in again.values())
    words = [f"{one.container} was started again {often}" for one, often in zip(again, times, strict=True)]
    process = next(name for name, containers in status.processes.items() if next(iter(again)) in containers)
    return warning(f"app {status.app.name}", ", ".join(words), f"podshift logs {status.app.name} --process {process}")
