"""A server for all tests of a run, an app and a checkout for each."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import created, installed


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with installed(tmp_path_factory.mktemp("server") / "home") as server:
        yield server


@pytest.fixture
def app(server: Server) -> Iterator[App]:
    with created(server) as app:
        yield app


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


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
