"""From one engine to the other, as the README says it: backup, restore --engine, up."""

import os
from pathlib import Path

import pytest

from server import Checkout, Server
from server.docker import docker_running
from server.installation import ENGINE, created, installed

pytestmark = [
    pytest.mark.matrix,
    pytest.mark.skipif(os.geteuid() != 0 or ENGINE != "podman", reason="needs root, and begins with its podman"),
]


def test_what_ran_on_podman_runs_on_docker(tmp_path: Path, checkout: Checkout) -> None:
    archive = tmp_path / "podshift.tar.gz"
    with installed(tmp_path / "old") as old, created(old) as app:
        assert checkout.push(app).code == 0
        old.podshift("backup", str(archive))
    with docker_running():
        new = Server(tmp_path / "new", old.port)
        new.podshift("restore", str(archive), "--engine", "docker")
        try:
            new.podshift("up")
            assert new.settings["engine"] == "docker"
            assert new.get(app.host) == (200, "hello from v1\n")
        finally:
            new.podshift("uninstall", "--yes")
