"""systemd units: written, right in systemd's own eyes, and gone again. No systemd runs where these tests do."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from podshift.deploy.server.service import Units
from podshift.settings import Home, Settings
from server import Server
from server.installation import installed

BOOTED = Path("/run/systemd/system").is_dir()
pytestmark = pytest.mark.skipif(BOOTED or os.geteuid() != 0, reason="the units of a running systemd are not for tests")


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An installation whose folder has everything in its name that a unit could take for its own."""
    with installed(tmp_path_factory.mktemp("units") / "100% of $HOME \\ and spaces") as server:
        yield server


def unit_files(server: Server) -> list[Path]:
    """The units of this installation, and what enables them."""
    return sorted(Path("/etc/systemd/system").rglob(f"podshift-{Home(server.home).identity}*"))


def verify(*files: Path, user: bool = False, runtime: Path) -> str:
    """What systemd says of the units; nothing, when they are right."""
    done = subprocess.run(
        ["systemd-analyze", *(["--user"] if user else []), "--man=no", "verify", *files],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_units_are_written_enabled_and_right(awkward: Server, tmp_path: Path) -> None:
    done = awkward.podshift("install-service", check=False)
    assert done.returncode == 1
    assert "error: the units are in /etc/systemd/system and enabled, but systemd does not run here" in done.stderr
    assert "hint: whatever starts this machine has to run: podshift up" in done.stderr
    files = unit_files(awkward)
    assert [file.suffix for file in files if file.parent.name.endswith(".wants")] == [".service", ".timer"]
    units = [file for file in files if not file.is_symlink()]
    assert len(units) == 3
    assert verify(*units, runtime=tmp_path) == ""
    before = {file: file.stat().st_mtime_ns for file in units}
    awkward.podshift("install-service", check=False)
    assert {file: file.stat().st_mtime_ns for file in unit_files(awkward) if not file.is_symlink()} == before


def test_what_a_unit_starts_brings_the_installation_up(awkward: Server) -> None:
    """Read the unit as systemd.syntax(7) says, and run it with nothing but what it gives."""
    awkward.podshift("install-service", check=False)
    (unit,) = [file for file in unit_files(awkward) if file.suffix == ".service" and "prune" not in file.name][:1]
    lines = [line.partition("=")[::2] for line in unit.read_text().splitlines() if "=" in line]
    given = dict(
        shlex.split(value.replace("%%", "%"))[0].split("=", 1) for name, value in lines if name == "Environment"
    )
    (command,) = [shlex.split(value.replace("%%", "%")) for name, value in lines if name == "ExecStart"]
    assert given["PODSHIFT_HOME"] == str(awkward.home)
    assert Path(command[0]).parent == Path(sys.executable).parent
    proxy = f"podshift-proxy-{Home(awkward.home).identity}"
    awkward.engine("stop", "--time=1", proxy)
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert awkward.engine("ps", f"--filter=name={proxy}", "--format={{.Names}}").strip() == proxy


def test_doctor_says_what_is_missing(awkward: Server) -> None:
    awkward.podshift("install-service", "--remove")
    assert unit_files(awkward) == []
    assert finding(awkward)["fix"] == "podshift install-service"
    awkward.podshift("install-service", check=False)
    assert "systemd does not run here" in finding(awkward)["found"]
    unit_files(awkward)[0].write_text("[Unit]\nDescription=something else\n")
    assert finding(awkward)["fix"] == "podshift install-service"


def finding(server: Server) -> dict[str, str]:
    (found,) = [one for one in server.json("doctor") if one["check"] == "units"]
    assert found["level"] == "warning"
    return dict(found)


def test_uninstall_takes_the_units_away(tmp_path: Path) -> None:
    with installed(tmp_path / "home") as server:
        server.podshift("install-service", check=False)
        assert len(unit_files(server)) == 5
    assert unit_files(server) == []


def test_the_units_of_an_ordinary_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    units = Units(Home(tmp_path / "a home"), system=False)
    units.folder.mkdir(parents=True)
    files = [units.path(unit) for unit in units.texts(Settings())]
    for file, text in zip(files, units.texts(Settings()).values(), strict=True):
        file.write_text(text)
    assert verify(*files, user=True, runtime=tmp_path) == ""
    assert "WantedBy=default.target" in files[0].read_text()
    assert "network-online" not in files[0].read_text()
    units.systemctl("enable", *(file.name for file in files if file.suffix == ".timer"))
    assert (tmp_path / "config/systemd/user/timers.target.wants" / files[2].name).exists()


def test_the_usual_installation_has_the_usual_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PODSHIFT_HOME")
    assert Units(Home.from_environment(), system=False).path("podshift.service").name == "podshift.service"
