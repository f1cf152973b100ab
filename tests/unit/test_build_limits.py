"""What a server allows builds: time, memory, and how many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from podshift.deploy.build.slots import build_slot
from podshift.deploy.build.timeout import check_timeout, in_time
from podshift.deploy.checks.engine import _build_memory
from podshift.engine import TimedOut
from podshift.errors import Cancelled, PodshiftError
from podshift.model import Build
from podshift.settings import Home, Settings
from server.installation import wait_until

SERVER = Settings(build_seconds=600)


@pytest.mark.parametrize("timeout", [None, 1.0, 600.0])
def test_a_time_out_within_the_server_s(timeout: float | None) -> None:
    check_timeout(Build(timeout=timeout), SERVER)


def test_a_time_out_above_the_server_s_is_refused() -> None:
    with pytest.raises(PodshiftError, match=r"build\.timeout is 20 min, and a build on this server may take 10 min"):
        check_timeout(Build(timeout=1200.0), SERVER)


@pytest.mark.parametrize(
    ("build", "said", "limit"),
    [
        (Build(timeout=90.0), "the build was ended after 1 min 30 s", "[build] timeout in podshift.toml"),
        (Build(), "the build was ended after 10 min", "build_seconds in settings.toml"),
    ],
)
def test_a_build_that_took_too_long_says_whose_limit_it_was(build: Build, said: str, limit: str) -> None:
    with pytest.raises(PodshiftError) as caught, in_time(build, SERVER):
        raise TimedOut("podman build did not end within 90 s", "what was shown as it came")
    assert caught.value.message == said
    assert caught.value.hint == f"{limit} is the limit"
    assert caught.value.details == ()


HOSTS = [
    # build_memory, rootless, what the engine may make             ok
    ("",   "/run/user/1", {"cgroupControllers": []},               None),
    ("2g", "",            {"cgroupControllers": []},               True),
    ("2g", "/run/user/1", {"cgroupControllers": ["memory"]},       True),
    ("2g", "/run/user/1", {"cgroupControllers": ["pids"]},         False),
    ("2g", "/run/user/1", {"cgroupControllers": None},             False),
]  # fmt: skip


@pytest.mark.parametrize(("memory", "runtime_folder", "host", "ok"), HOSTS)
def test_doctor_says_where_memory_cannot_be_limited(
    memory: str, runtime_folder: str, host: dict[str, object], ok: bool | None
) -> None:
    settings = Settings(build_memory=memory, runtime_folder=runtime_folder)
    found = [finding.ok for finding in _build_memory(settings, {"cgroupVersion": "v1", **host})]
    assert found == ([] if ok is None else [ok])


class Steps:
    """What a deploy's log was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, name: str, text: str) -> None:
        self.said.append(f"{name} {text}")


class Builder:
    """A build of its own app, which holds its place until it is let go."""

    def __init__(self, installation: SimpleNamespace, app: str) -> None:
        self.release = SimpleNamespace(app=app, name="v1", pushed_by="ada")
        self.installation, self.log = installation, Steps()
        self.building, self.go = threading.Event(), threading.Event()

    def build(self) -> None:
        with build_slot(self.installation, self.release, self.log):
            self.building.set()
            assert self.go.wait(20)


def test_so_many_builds_go_on_at_once_and_the_others_wait_in_a_row(tmp_path: Path) -> None:
    installation = SimpleNamespace(home=Home(tmp_path), settings=Settings(parallel_builds=2))
    builders = [Builder(installation, app) for app in ("one", "two", "three", "four")]
    one, two, three, four = builders
    with ThreadPoolExecutor(4) as threads:
        try:
            for number, builder in enumerate(builders):
                threads.submit(builder.build)
                done = builder.building if number < 2 else builder.log.said
                wait_until(lambda done=done: done.is_set() if isinstance(done, threading.Event) else done, what="turn")
            assert not three.building.is_set()
            assert not four.building.is_set()
            two.go.set()
            assert three.building.wait(10), "who came first comes first"
            assert not four.building.is_set()
            one.go.set()
            assert four.building.wait(10)
        finally:
            for builder in builders:
                builder.go.set()
    assert (one.log.said, two.log.said) == ([], [])
    assert three.log.said == [
        "queue waiting for a build to end, 2 at once (parallel_builds): build of one v1 by ada; build of two v1 by ada"
    ]
    assert len(four.log.said) == 1


def test_a_build_that_fails_or_is_cancelled_frees_its_place(tmp_path: Path) -> None:
    installation = SimpleNamespace(home=Home(tmp_path), settings=Settings(parallel_builds=1))
    release, log = SimpleNamespace(app="one", name="v1", pushed_by="ada"), Steps()
    for _ in range(3):
        with pytest.raises(Cancelled), build_slot(installation, release, log):
            raise Cancelled("cancelled")
    assert log.said == []
