"""Which options the engine needs on this machine: tried out, not guessed."""

import re
import resource
from collections.abc import Callable
from typing import NamedTuple

from podshift.engine.command import EngineError
from podshift.errors import PodshiftError

# Where limits cannot be raised at all, one's own may still be refused: this one was seen to be granted.
MODEST_LIMIT = 32768


class Remedy(NamedTuple):
    """`pattern` of a known failure → options that mend it, and why they are there."""

    pattern: str
    reason: str
    engine_options: tuple[str, ...] = ()
    run_options: Callable[[], tuple[str, ...]] = tuple


class Choice(NamedTuple):
    """What works here. `reasons` has a sentence for each option that is not the engine's default."""

    engine_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    def with_remedy(self, remedy: Remedy) -> "Choice":
        return Choice(
            self.engine_options + remedy.engine_options,
            self.run_options + remedy.run_options(),
            (*self.reasons, remedy.reason),
        )


DEFAULTS = Choice()


def _limit(name: str, kind: int) -> Callable[[], tuple[str, ...]]:
    def options() -> tuple[str, ...]:
        _, hard = resource.getrlimit(kind)
        limit = MODEST_LIMIT if hard == resource.RLIM_INFINITY else min(hard, MODEST_LIMIT)
        return (f"--ulimit={name}={limit}:{limit}",)

    return options


REMEDIES = (
    Remedy(
        r"RLIMIT_NOFILE|rlimit type 7",
        "the engine's default limit of open files cannot be set here, a lower one can",
        run_options=_limit("nofile", resource.RLIMIT_NOFILE),
    ),
    Remedy(
        r"RLIMIT_NPROC|rlimit type 6",
        "the engine's default limit of processes cannot be set here, a lower one can",
        run_options=_limit("nproc", resource.RLIMIT_NPROC),
    ),
    Remedy(
        r"cgroups in hybrid mode|crun.*cgroup|unknown version specified",
        "crun cannot work with this machine's cgroups; runc can",
        engine_options=("--runtime=runc",),
    ),
    Remedy(
        r"sd-bus|systemd.*(not running|cgroup)|dbus|Interactive authentication",
        "no systemd to make cgroups; the engine makes them itself",
        engine_options=("--cgroup-manager=cgroupfs",),
    ),
    Remedy(
        r"journald?",
        "no journal to write to; events and logs go to files",
        engine_options=("--events-backend=file",),
    ),
)


def choose_engine(attempt: Callable[[Choice], None], *, engine: str = "podman", choice: Choice = DEFAULTS) -> Choice:
    """`choice` if `attempt` succeeds with it, else with each remedy that its failure calls for.

    Raises PodshiftError, with the engine's own words, when no remedy is left.
    """
    # Options before the verb are podman's own: docker's daemon has them in its configuration.
    left = [one for one in REMEDIES if engine == "podman" or not one.engine_options]
    while True:
        try:
            attempt(choice)
        except EngineError as error:
            remedy = next((one for one in left if re.search(one.pattern, error.output)), None)
            if remedy is None:
                raise PodshiftError(
                    f"the engine cannot run a container here: {error.message}",
                    hint=error.hint or "podshift doctor; on a new machine, bin/setup installs what an engine needs",
                    details=error.details,
                ) from None
            left.remove(remedy)
            choice = choice.with_remedy(remedy)
        else:
            return choice
