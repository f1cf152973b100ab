"""A server for all tests of a run, an app and a checkout for each."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.docker import docker_running
from server.faults import Shim
from server.installation import ENGINE, created, installed
from server.remote import rootless_server

OWN_ENGINE = ("test_checkout", "test_demo", "test_docker", "test_move_to_docker", "test_rootless", "test_wheel")
# What asks for nothing but pushes, commands and requests.
FROM_AFAR = (
    "test_canary", "test_domains", "test_failing_deploys", "test_links", "test_maintenance", "test_monorepo",
    "test_no_request_lost", "test_push", "test_queue", "test_refs", "test_refused_pushes",
    "test_sha256", "test_stop_first", "test_stop_start", "test_watch",
)  # fmt: skip


# A shell that runs the tests in the background has them ignore it, and then no Ctrl-C of a test would be seen.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[str]:
    """The engine of every installation of this run; each worker has a docker daemon of its own."""
    if ENGINE == "docker":
        with docker_running():
            yield ENGINE
    else:
        yield ENGINE


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, on another engine than podman as root, what has its own, or (rootless) is for who is on the server."""
    kept = [item for item in items if ENGINE == "podman" or item.path.stem not in OWN_ENGINE]
    if ENGINE == "rootless":
        kept = [item for item in kept if item.path.stem in FROM_AFAR]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def server(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if ENGINE == "rootless":
        with rootless_server(tmp_path_factory.mktemp("keys")) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("GIT_SSH_COMMAND", server.user.ssh_command)
            yield server
        return
    with installed(tmp_path_factory.mktemp("server") / "home") as server:
        yield server


@pytest.fixture
def app(server: Server) -> Iterator[App]:
    with created(server) as app:
        yield app


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


@pytest.fixture
def shim(tmp_path: Path) -> Iterator[Shim]:
    with pytest.MonkeyPatch.context() as patch:
        yield Shim(tmp_path / "shim", patch)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say what was measured, at the end of the run; what a worker prints, nobody sees."""
    return lambda text: record_property("measured", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    properties = [pair for report in reports if report.when == "call" for pair in report.user_properties]
    for text in (value for name, value in properties if name == "measured"):
        terminalreporter.write_line(f"measured: {text}")


@pytest.fixture(scope="session", autouse=True)
def _not_the_real_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test that forgets PODSHIFT_HOME must not touch the installation of whoever runs it."""
    before = os.environ.get("PODSHIFT_HOME")
    os.environ["PODSHIFT_HOME"] = str(tmp_path_factory.mktemp("nobody") / "home")
    yield
    if before is None:
        del os.environ["PODSHIFT_HOME"]
    else:
        os.environ["PODSHIFT_HOME"] = before
