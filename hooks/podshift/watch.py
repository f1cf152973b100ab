"""Watch a new release for a while: its containers, their checks, and the answers that the proxy counts."""

import os
import select
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from podshift.engine import Engine
from podshift.errors import PodshiftError
from podshift.exits import exited
from podshift.proxy import ServerState, Upstreams

POLL_MILLISECONDS = 50
# The proxy may be started anew meanwhile; the release is not to blame for that.
SILENT_SECONDS = 15.0
# Fewer answers say nothing about a share.
ENOUGH_ANSWERS = 20
WATCHED = "web"  # only what answers requests is watched
LOG_LINES = 25


def watch(
    engine: Engine, proxy: Upstreams, *, app: str, backend: str, names: Sequence[str], seconds: float,
    max_errors: float, errors_before: float, on_look: Callable[[Mapping[str, ServerState]], None],
) -> None:  # fmt: skip
    """Return when these containers of an app did well for so many seconds.

    `max_errors` is the share of failed answers (5xx, or none) that is borne; `errors_before` what the release before
    had, which may have failed for reasons that the new one cannot help. Raises PodshiftError as soon as a container
    exits, fails its check, or answers badly.
    """
    heard = time.monotonic()
    deadline = heard + seconds
    with ExitStack() as stack:
        poll, watched = select.poll(), {}
        for name, descriptor in _descriptors(engine, app, names).items():
            stack.callback(os.close, descriptor)
            poll.register(descriptor, select.POLLIN)
            watched[descriptor] = name
        while heard < deadline:
            for descriptor, _ in poll.poll(POLL_MILLISECONDS):
                raise exited(engine, watched[descriptor], WATCHED, patience=0)  # requests wait for it
            try:
                servers = proxy.look(backend).servers
            except PodshiftError:
                if time.monotonic() - heard > SILENT_SECONDS:
                    raise
                continue
            heard = time.monotonic()
            for name in names:
                if name not in servers or servers[name].status.startswith("DOWN"):
                    raise _failing(engine, name)
            complain(app, servers, names, max_errors, errors_before)
            on_look(servers)


def error_share(servers: Mapping[str, ServerState], names: Sequence[str]) -> tuple[int, int]:
    """Failed answers and all answers of these upstreams, since each was added."""
    chosen = [servers[name] for name in names if name in servers]
    return sum(server.failed for server in chosen), sum(server.answered for server in chosen)


def complain(
    app: str, servers: Mapping[str, ServerState], names: Sequence[str], max_errors: float, errors_before: float
) -> None:
    """Raises PodshiftError when too many answers failed: more than borne, and more than twice those before."""
    failed, answered = error_share(servers, names)
    if answered >= ENOUGH_ANSWERS and failed / answered > max(max_errors, 2 * errors_before):
        raise PodshiftError(
            f"{failed:,} of {answered:,} answers failed, more than {max_errors:.0%} (web.max_errors)",
            hint=f"podshift logs {app} shows what it printed; mend it and try again",
        )


def _descriptors(engine: Engine, app: str, names: Sequence[str]) -> dict[str, int]:
    """A descriptor for each, by which the kernel tells that its process ended."""
    pids = {one.name: one.pid for one in engine.containers(app=app)}
    found: dict[str, int] = {}
    try:
        for name in names:
            found[name] = os.pidfd_open(pids.get(name) or -1)
    except OSError:
        for descriptor in found.values():
            os.close(descriptor)
        raise exited(engine, name, WATCHED) from None
    return found


def _failing(engine: Engine, name: str) -> PodshiftError:
    try:
        lines = tuple(engine.logs(name, LOG_LINES))
    except PodshiftError:
        lines = ()
    hint = f"{'its last log lines are above; ' if lines else ''}mend it and try again"
    return PodshiftError(f"{name} no longer passes its check", hint=hint, details=lines)
