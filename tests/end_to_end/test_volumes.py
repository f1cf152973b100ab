"""Volumes, memory and cpus: data outlives releases, stops and even the app; limits are the container's own."""

from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import created, installed

WEB = '[web]\nwatch = "0s"\n'
DATA = WEB + 'volumes = { data = "/data" }\norder = "stop-first"\n'


def in_container(app: App, command: str) -> str:
    return app.server.podshift("exec", app.name, "--", "sh", "-c", command).stdout


def volumes(server: Server, app: str) -> list[str]:
    return server.engine("volume", "ls", "--format={{.Name}}", f"--filter=label=podshift.app={app}").split()


@pytest.mark.matrix
def test_data_outlives_releases_and_the_app_itself(server: Server, checkout: Checkout) -> None:
    with created(server) as app:
        checkout.commit("Volume", podshift_toml=DATA)
        checkout.push(app)
        in_container(app, "echo kept > /data/file")
        checkout.version("v2")
        checkout.push(app)
        server.podshift("stop", app.name)
        server.podshift("start", app.name)
        assert in_container(app, "cat /data/file") == "kept\n"
        assert server.podshift("run", app.name, "--", "cat", "/data/file").stdout == "kept\n"
        assert volumes(server, app.name) == [f"{app.name}.data"]
        gone = server.podshift("destroy", app.name, "--yes")
        assert f"kept {app.name}.data, with all data" in gone.stderr
        assert f"volume rm {app.name}.data" in gone.stderr
    with created(server, name=app.name) as again:
        checkout.push(again)
        assert in_container(again, "cat /data/file") == "kept\n"
        gone = server.podshift("destroy", again.name, "--volumes", "--yes")
        assert f"removed {app.name}.data" in gone.stderr
    assert volumes(server, app.name) == []


def test_a_volume_of_somebody_else_is_never_used_nor_removed(app: App, checkout: Checkout) -> None:
    name = f"{app.name}.data"
    app.server.engine("volume", "create", name)
    try:
        checkout.push(app)
        checkout.commit("Volume", podshift_toml=DATA, version_txt="v2\n")
        assert f"there is a volume {name} already, of somebody else" in checkout.push(app).said
        assert app.get() == (200, "hello from v1\n")
        app.server.podshift("destroy", app.name, "--volumes", "--yes")
        assert name in app.server.engine("volume", "ls", "--format={{.Name}}").split()
    finally:
        app.server.engine("volume", "rm", name)


def test_a_volume_without_a_name_goes_with_its_container(app: App, checkout: Checkout) -> None:
    text = (checkout.folder / "Containerfile").read_text()
    checkout.commit("Anonymous volume", Containerfile=f"{text}VOLUME /cache\n")
    checkout.push(app)
    mounted = app.server.engine(
        "inspect", "--format={{range .Mounts}}{{.Type}} {{.Name}}{{end}}", f"{app.name}-web-1-1"
    ).split()
    assert mounted[0] == "volume"
    app.server.podshift("restart", app.name)
    assert mounted[1] not in app.server.engine("volume", "ls", "--format={{.Name}}").split()


def test_two_releases_that_will_share_a_volume_are_warned_of(app: App, checkout: Checkout) -> None:
    checkout.commit("Start-first", podshift_toml=WEB + 'volumes = { data = "/data" }\n')
    assert "warning: web starts first, so two releases share data for a moment" in checkout.push(app).said
    checkout.commit("Stop-first", podshift_toml=DATA)
    assert "warning" not in checkout.push(app).said


def test_memory_and_cpus_are_limits_of_the_container(app: App, checkout: Checkout) -> None:
    checkout.commit("Limits", podshift_toml=WEB + 'memory = "96m"\ncpus = 0.75\n')
    checkout.push(app)
    memory = in_container(app, "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max")
    assert int(memory) == 96 * 1024**2
    share = in_container(
        app, "cd /sys/fs/cgroup; cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us || cat cpu.max"
    ).split()
    assert int(share[0]) / int(share[1]) == 0.75
    eat = "python3 -c 'bytearray(500_000_000)'; echo ended with $?"
    assert in_container(app, eat) == "ended with 137\n"
    assert app.get() == (200, "hello from v1\n")


@pytest.mark.matrix
def test_uninstall_keeps_volumes_unless_told(server: Server, checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit("Volume", podshift_toml=DATA)
    options = ("--proxy-image", server.settings["proxy_image"])
    with installed(tmp_path / "home", *options) as other, created(other) as app:
        checkout.push(app)
        gone = other.podshift("uninstall", "--yes")
        assert f"kept {app.name}.data, with all data" in gone.stderr
        assert volumes(server, app.name) == [f"{app.name}.data"]
    with installed(tmp_path / "home", *options) as other:
        gone = other.podshift("uninstall", "--volumes", "--yes")
        assert f"removed {app.name}.data" in gone.stderr
    assert volumes(server, app.name) == []
