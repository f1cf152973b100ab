"""What an engine that does not work as it comes says, and which options that calls for. The texts are recorded ones."""

import pytest

from podshift.engine import Choice, EngineError, choose_engine
from podshift.errors import PodshiftError

CRUN_FILES = "Error: crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied"
CRUN_PROCESSES = "Error: crun: setrlimit `RLIMIT_NPROC`: Operation not permitted: OCI permission denied"
RUNC_LIMIT = (
    "Error: runc: runc create failed: unable to start container process: error during container init: "
    "error setting rlimits for ready process: error setting rlimit type {}: operation not permitted: "
    "OCI permission denied"
)
HYBRID = "Error: OCI runtime error: crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2"
CONMON = (
    'time="2026-11-23T07:45:42Z" level=warning msg="Failed to add conmon to systemd sandbox cgroup: '
    'dial unix /run/systemd/private: connect: no such file or directory"\n'
)
NO_SYSTEMD = (
    "Error: OCI runtime error: runc: runc create failed: systemd not running on this host, "
    "cannot use systemd cgroups manager"
)
NO_BUS = "Error: OCI runtime error: crun: sd-bus call: Interactive authentication required.: Permission denied"
NO_JOURNAL = (
    "Error: failed to initialize journal: write unixgram @3dd4b->/run/systemd/journal/socket: "
    "sendmsg: no such file or directory"
)

TABLE = [
    # what the engine says                 the options that mend it
    (CRUN_FILES,                           ["--ulimit=nofile="]),
    (RUNC_LIMIT.format(7),                 ["--ulimit=nofile="]),
    (CRUN_PROCESSES,                       ["--ulimit=nproc="]),
    (RUNC_LIMIT.format(6),                 ["--ulimit=nproc="]),
    (CONMON + CRUN_FILES,                  ["--ulimit=nofile="]),
    (HYBRID,                               ["--runtime=runc"]),
    (CONMON + NO_SYSTEMD,                  ["--cgroup-manager=cgroupfs"]),
    (NO_BUS,                               ["--cgroup-manager=cgroupfs"]),
    (NO_JOURNAL,                           ["--events-backend=file"]),
]  # fmt: skip


def told(options: list[str]) -> list[str]:
    """Without the numbers of limits, which are this machine's."""
    return [
        option.split("=")[0] + "=" + option.split("=")[1] + "=" * option.startswith("--ulimit") for option in options
    ]


def failing_with(*texts: str) -> tuple[Choice, int]:
    """The choice for an engine that fails with each of these in turn, and how many attempts that took."""
    left = list(texts)
    attempts = 0

    def attempt(_: Choice) -> None:
        nonlocal attempts
        attempts += 1
        if left:
            raise EngineError("podman run failed with status 126", left.pop(0))

    return choose_engine(attempt), attempts


@pytest.mark.parametrize(("said", "options"), TABLE)
def test_each_known_failure_has_its_remedy_with_a_reason(said: str, options: list[str]) -> None:
    choice, attempts = failing_with(said)
    assert told([*choice.engine_options, *choice.run_options]) == options
    assert len(choice.reasons) == 1
    assert attempts == 2


def test_an_engine_that_works_is_left_as_it_comes() -> None:
    assert failing_with() == (Choice(), 1)


def test_one_that_fails_in_several_ways_gets_a_remedy_for_each() -> None:
    choice, attempts = failing_with(CRUN_FILES, HYBRID, CONMON + NO_SYSTEMD, RUNC_LIMIT.format(6), NO_JOURNAL)
    assert choice.engine_options == ("--runtime=runc", "--cgroup-manager=cgroupfs", "--events-backend=file")
    assert told(list(choice.run_options)) == ["--ulimit=nofile=", "--ulimit=nproc="]
    assert len(choice.reasons) == 5
    assert attempts == 6


def test_every_attempt_has_the_options_of_those_before() -> None:
    seen: list[Choice] = []

    def attempt(choice: Choice) -> None:
        seen.append(choice)
        if len(seen) < 3:
            raise EngineError("podman run failed", [CRUN_FILES, HYBRID][len(seen) - 1])

    assert choose_engine(attempt) == seen[-1]
    assert [len(choice.reasons) for choice in seen] == [0, 1, 2]


@pytest.mark.parametrize("said", ["Error: no space left on device", "", HYBRID])
def test_what_no_remedy_mends_is_said_in_the_engine_s_own_words(said: str) -> None:
    def attempt(_: Choice) -> None:
        raise EngineError("podman run failed with status 126", said)

    with pytest.raises(PodshiftError, match="cannot run a container here: podman run failed") as caught:
        choose_engine(attempt)
    assert "\n".join(caught.value.details) == said
    assert "podshift doctor" in caught.value.hint


def test_an_error_that_is_not_the_engine_s_passes_through() -> None:
    def attempt(_: Choice) -> None:
        raise PodshiftError("podman is not installed")

    with pytest.raises(PodshiftError, match="not installed"):
        choose_engine(attempt)


def test_limits_are_within_what_this_process_may_have() -> None:
    import resource

    choice, _ = failing_with(CRUN_FILES)
    low, high = choice.run_options[0].rpartition("=")[2].split(":")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert low == high
    assert 0 < int(low) <= (hard if hard != resource.RLIM_INFINITY else int(low))
