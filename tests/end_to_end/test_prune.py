"""Disk: what nobody goes back to goes away, what is somebody else's stays, and a nearly full disk is said early."""

import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import PROGRAM

# A stage that no final image is built on top of: what it leaves behind has no tag. `token` makes it this test's own.
STAGES = """\
FROM localhost/podshift-python AS tools
COPY version.txt /tools
RUN echo {token} >> /tools
FROM localhost/podshift-python
WORKDIR /app
COPY . .
COPY --from=tools /tools /tools
EXPOSE 8080
CMD ["python3", "app.py"]
"""
# BuildKit, which docker builds with, keeps its stages to itself, and so leaves no image without a tag.
LEFT_BY_A_BUILD = {"podman": 1, "docker": 0}[PROGRAM]
QUIETLY = ("--quiet",) if PROGRAM == "podman" else ()


def listed(server: Server, *arguments: str) -> list[str]:
    """podman gives up when an image is removed by somebody else while it looks at them all."""
    for _ in range(10):
        with suppress(subprocess.CalledProcessError):
            return server.engine("images", *arguments).split()
    return server.engine("images", *arguments).split()


def images(app: App) -> list[str]:
    return sorted(listed(app.server, "--format={{.Tag}}", f"--filter=reference=localhost/podshift/{app.name}"))


def leftovers(app: App) -> list[str]:
    return listed(app.server, "--filter=dangling=true", f"--filter=label=podshift.app={app.name}", "--quiet")


def logs(app: App) -> list[str]:
    return sorted(path.name for path in (app.server.home / "apps" / app.name / "logs").glob("*.log"))


@contextmanager
def settings(server: Server, **values: int) -> Iterator[None]:
    """The server's settings.toml, edited by its operator."""
    file = server.home / "settings.toml"
    before = file.read_text()
    lines = [line for line in before.splitlines() if line.split(" =")[0] not in values]
    file.write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in values.items())]) + "\n")
    try:
        yield
    finally:
        file.write_text(before)


@pytest.mark.matrix
def test_a_deploy_keeps_the_newest_images_and_what_they_were_built_with(app: App, checkout: Checkout) -> None:
    with settings(app.server, keep_images=2):
        checkout.commit("Stages", Containerfile=STAGES.format(token=app.name))
        for number in range(1, 5):
            checkout.version(f"v{number}")
            checkout.push(app)
            assert len(leftovers(app)) == min(number, 2) * LEFT_BY_A_BUILD
    assert images(app) == ["v3", "v4"]
    assert app.get() == (200, "hello from v4\n")
    app.server.podshift("rollback", app.name)
    assert app.get() == (200, "hello from v3\n")
    refused = app.server.podshift("rollback", app.name, "v1", check=False)
    assert refused.returncode == 1
    assert "no longer kept" in refused.stderr + refused.stdout


def test_what_is_somebody_elses_stays(app: App, checkout: Checkout, tmp_path: Path) -> None:
    """A tag of the operator's on one of our images, and an image without a tag."""
    checkout.push(app)
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    own = listed(app.server, "--quiet", "--no-trunc", f"localhost/podshift/{app.name}:v1")[0]
    foreign = app.server.engine("import", *QUIETLY, str(tmp_path / "empty.tar")).strip()
    kept = f"localhost/mine-{app.name}:keep"
    app.server.engine("tag", own, kept)
    try:
        with settings(app.server, keep_images=1):
            checkout.version("v2")
            checkout.push(app)
            app.server.podshift("prune", app.name)
        assert images(app) == ["v2"]
        assert listed(app.server, "--quiet", "--no-trunc", kept) == [own]
        assert app.server.engine("image", "inspect", "--format={{.Id}}", foreign).strip() in foreign
    finally:
        app.server.engine("rmi", kept, foreign)


def test_prune_takes_old_logs_and_leftovers_of_failed_builds(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    folder = app.server.home / "apps" / app.name / "logs"
    checkout.commit("Breaks", Containerfile=f"FROM localhost/podshift-python\nRUN echo {app.name} > /x\nRUN false\n")
    assert checkout.push(app).code == 0
    assert len(leftovers(app)) == LEFT_BY_A_BUILD
    checkout.commit("Mended", Containerfile=STAGES.format(token=app.name))
    checkout.push(app)
    assert len(leftovers(app)) == LEFT_BY_A_BUILD  # its own; what the failed one left is gone
    assert app.states() == ["retired", "failed", "live"]
    for number in range(100, 160):
        (folder / f"v{number}.log").write_text("of releases that are not recorded any more\n")
    said = app.server.podshift("prune", app.name).stdout
    assert said == f"{app.name}: 0 images and 60 logs removed\n"
    assert logs(app) == ["v1.log", "v2.log", "v3.log"]
    assert app.get()[0] == 200


def test_a_build_that_prints_60_000_layers_stops_no_later_deploy(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    layers = f"""RUN python3 -c "for n in range(60000): print('--> {app.name.encode().hex()[:20]}%040x' % n)"; false"""
    checkout.commit("Floods", Containerfile=f"FROM localhost/podshift-python\n{layers}\n")
    checkout.push(app)
    checkout.commit("Mended", Containerfile=STAGES.format(token=app.name))
    pushed = checkout.push(app)
    assert "is live" in pushed.said
    assert "error" not in pushed.said
    assert app.states() == ["retired", "failed", "live"]


def test_what_no_log_names_is_left_to_podshift_prune(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.commit("Breaks", Containerfile=f"FROM localhost/podshift-python\nRUN echo {app.name} > /y\nRUN false\n")
    checkout.push(app)
    (app.server.home / "apps" / app.name / "logs" / "v2.log").unlink()
    checkout.commit("Mended", Containerfile=STAGES.format(token=app.name))
    checkout.push(app)
    assert len(leftovers(app)) == 2 * LEFT_BY_A_BUILD
    app.server.podshift("prune", app.name)
    assert len(leftovers(app)) == LEFT_BY_A_BUILD


def test_a_push_is_refused_early_when_the_disk_is_nearly_full(app: App, checkout: Checkout) -> None:
    with settings(app.server, min_free_mb=999_999_999):
        pushed = checkout.push(app)
        assert pushed.code == 1
        assert "error: the server's disk is nearly full" in pushed.said
        assert "hint: on the server: podshift prune" in pushed.said
        findings = {one["check"]: one for one in json.loads(doctor(app.server).stdout)}
        assert findings["disk"]["level"] == "error"
    assert app.releases() == []
    with settings(app.server, warn_free_mb=999_999_999):
        done = doctor(app.server)
        findings = {one["check"]: one for one in json.loads(done.stdout)}
        assert findings["disk"]["level"] == "warning"
    assert checkout.push(app).code == 0


def doctor(server: Server) -> subprocess.CompletedProcess[str]:
    return server.podshift("doctor", "--json", check=False)
