"""Builds: their secrets, how long they may take, how much memory they may use, how many go on at once."""

import json
import os
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import PROGRAM, created, installed, wait_until
from server.under_way import BASE, deployer, finished, in_build, log_of, long_build

SECRET = "s3cr3t-" + "0123456789abcdef" * 2
MOUNTED = (
    BASE
    + "RUN --mount=type=secret,id=NPM_TOKEN sha256sum /run/secrets/NPM_TOKEN > version.txt"
    + " && cat /run/secrets/NPM_TOKEN && ls -l /run/secrets && echo at work && sleep 2\n"
    + 'CMD ["python3", "app.py"]\n'
)
HUNGRY = BASE + 'RUN python3 -c "print(len(bytearray(400_000_000)))"\n' + 'CMD ["python3", "app.py"]\n'


@pytest.fixture
def own_server(tmp_path: Path) -> "pytest.FixtureRequest":
    """One whose settings may be changed."""
    with installed(tmp_path / "home") as server:
        yield server


def change_settings(server: Server, **values: object) -> None:
    path = server.home / "settings.toml"
    lines = [line for line in path.read_text().splitlines() if line.partition(" ")[0] not in values]
    path.write_text("\n".join([*lines, *(f"{key} = {json.dumps(value)}" for key, value in values.items())]) + "\n")


def seen_of_processes() -> str:
    """The arguments and the environment of every process that this user may look at."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        if path.name == str(os.getpid()):
            continue
        for name in ("cmdline", "environ"):
            try:
                found.append((path / name).read_bytes().decode(errors="replace"))
            except OSError:
                continue
    return "\n".join(found)


def files_with(text: str, below: Path) -> list[Path]:
    return [
        path for path in below.rglob("*")
        if path.is_file() and not path.name.startswith("podshift.db") and text.encode() in path.read_bytes()
    ]  # fmt: skip


def test_a_secret_of_a_build_is_in_its_step_and_nowhere_else(app: App, checkout: Checkout, tmp_path: Path) -> None:
    server = app.server
    said = server.podshift("config", app.name, "set", "--build", "NPM_TOKEN", input=SECRET)
    assert "set NPM_TOKEN for builds; the next build can mount it" in " ".join(said.stdout.split())
    assert app.releases() == []
    checkout.commit("Needs a secret", Containerfile=MOUNTED)
    push = checkout.start_push(app)
    in_step = log_of(app, 1)
    wait_until(
        lambda: in_step.exists() and "at work" in in_step.read_text().split("sleep 2")[-1], seconds=60, what="the step"
    )
    assert SECRET not in seen_of_processes()
    files = [path for folder in Path("/dev/shm").glob("podshift-build-*") for path in folder.iterdir()]
    ours = [path for path in files if path.read_text() == SECRET]
    assert [path.stat().st_mode & 0o777 for path in ours] == [0o600]
    pushed = finished(push)
    assert "is live" in pushed.said, pushed.text
    assert SECRET not in pushed.text
    assert "[NPM_TOKEN]" in pushed.text
    assert not ours[0].exists()
    digest = subprocess.run(["sha256sum"], input=SECRET, capture_output=True, text=True, check=True).stdout.split()[0]
    assert digest in app.get()[1], "the step had it, byte for byte"
    assert files_with(SECRET, server.home) == []
    assert SECRET not in image_of(app, tmp_path)
    environment = app.get("/env")[1].split()
    assert "NPM_TOKEN" not in environment

    listed = server.podshift("config", app.name).stdout
    assert "NPM_TOKEN  (a secret of builds" in listed
    assert SECRET not in listed
    assert server.podshift("config", app.name, "get", "--build", "NPM_TOKEN").stdout == f"{SECRET}\n"
    assert server.json("config", app.name) == {}
    unset = server.podshift("config", app.name, "unset", "--build", "NPM_TOKEN").stdout
    assert "unset NPM_TOKEN for builds; no further build can mount it" in " ".join(unset.split())
    assert "has no config variables" in server.podshift("config", app.name).stdout
    done = server.podshift("config", app.name, "set", "--build", "A=b", "--no-restart", check=False)
    assert (done.returncode, "--build concerns the builds to come" in done.stderr) == (2, True)


@pytest.mark.matrix
def test_no_other_app_gets_what_a_build_made_of_its_secret(server: Server, app: App, checkout: Checkout) -> None:
    """Not by the same steps, with another secret or with none; while the app's own builds go on to use the cache."""
    step = "RUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN >version.txt; date +%N >>version.txt\n"
    text = f"# {app.name}\n{BASE}{step}" + 'CMD ["python3", "app.py"]\n'
    checkout.commit("Needs a secret", Containerfile=text)
    server.podshift("config", app.name, "set", "--build", "TOKEN", input="of the first")
    assert "is live" in checkout.push(app).said
    made = app.get()[1]
    assert "of the first" in made
    with created(server) as other, created(server) as without:
        server.podshift("config", other.name, "set", "--build", "TOKEN", input="of the other")
        assert "is live" in checkout.push(other).said
        assert "of the other" in other.get()[1]
        assert "is live" in checkout.push(without).said
        assert "of the" not in without.get()[1]
    server.podshift("deploy", app.name)
    assert app.get()[1] == made


def image_of(app: App, folder: Path) -> str:
    """Everything of an image: its layers' files, its history, its configuration."""
    archive = folder / "image.tar"
    app.server.engine("save", f"--output={archive}", f"localhost/podshift/{app.name}:v1")
    texts = []
    with tarfile.open(archive) as outer:
        for member in outer:
            data = outer.extractfile(member)
            if data and (member.name.endswith(".json") or member.size < 30_000_000):
                texts.append(data.read().decode(errors="replace"))
    assert any("version.txt" in text for text in texts)
    return "".join(texts)


def test_a_build_s_own_time_out(app: App, checkout: Checkout) -> None:
    checkout.commit("Too long", podshift_toml='[build]\ntimeout = "61m"\n')
    assert "must be a time" in checkout.push(app).said
    long_build(checkout, "v1")
    checkout.commit("Short", podshift_toml='[build]\ntimeout = "3s"\n')
    pushed = checkout.push(app)
    assert "error: the build was ended after 3 s" in pushed.said
    assert "hint: [build] timeout in podshift.toml is the limit" in pushed.said
    assert app.states() == ["failed"]


def test_how_long_a_build_may_take_is_the_server_s_to_say(own_server: Server, checkout: Checkout) -> None:
    change_settings(own_server, build_seconds=60)
    with created(own_server) as app:
        checkout.commit("Long", podshift_toml='[build]\ntimeout = "2m"\n')
        pushed = checkout.push(app)
        assert "build.timeout is 2 min, and a build on this server may take 1 min at most" in pushed.said
        assert app.releases() == []


@pytest.mark.skipif(PROGRAM == "docker", reason="BuildKit has no limit of memory")
def test_a_build_may_use_so_much_memory(own_server: Server, checkout: Checkout) -> None:
    change_settings(own_server, build_memory="100m")
    with created(own_server) as app:
        checkout.commit("Hungry", podshift_toml="", Containerfile=HUNGRY)
        pushed = checkout.push(app)
        assert "the build was killed, most likely because it needed more memory than 100m" in pushed.said, pushed.text
        assert "raise build_memory" in pushed.said
        assert app.states() == ["failed"]


def test_builds_of_different_apps_wait_for_a_place(own_server: Server, checkout: Checkout, tmp_path: Path) -> None:
    change_settings(own_server, parallel_builds=1)
    quick = checkout.clone(tmp_path / "quick")
    long_build(checkout, "v1")
    with created(own_server) as first, created(own_server) as second, created(own_server) as third:
        slow = checkout.start_push(first)
        in_build(first, 1)
        others = [(app, quick.start_push(app)) for app in (second, third)]
        for app, _ in others:
            waits_for(app, f"build of {first.name} v1 by ")
        own_server.podshift("cancel", third.name)
        assert "cancelled" in finished(others[1][1]).said
        assert second.states() == ["building"]
        os.kill(deployer(first), signal.SIGKILL)
        assert "was killed (SIGKILL)" in finished(slow).said
        assert "is live" in finished(others[0][1]).said
        assert (first.states(), second.states(), third.states()) == (["failed"], ["live"], ["cancelled"])


def waits_for(app: App, whom: str) -> None:
    """The log is looked at while it grows, so a sentence in it may be only half there for a moment."""
    waiting = f"waiting for a build to end, 1 at once (parallel_builds): {whom}"

    def said() -> str:
        log = log_of(app, 1)
        return " ".join(log.read_text().split()) if log.exists() else ""

    wait_until(lambda: waiting in said(), what=f"{app.name} waits")
