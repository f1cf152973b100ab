"""systemd units: `podshift up` at boot and `podshift prune` every day; root's are the system's, a user's their own."""

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from podshift.deploy.checks.finding import Finding, fine, warning
from podshift.engine import lingers
from podshift.errors import PodshiftError
from podshift.render import render_template
from podshift.settings import Home, Settings, load_settings

UP, PRUNE, TIMER = "podshift.service", "podshift-prune.service", "podshift-prune.timer"
ENABLED = (UP, TIMER)
SYSTEMD = Path("/run/systemd/system")  # there where systemd runs: sd_booted(3)
USUAL_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Units:
    """The units of one installation; `system` when they are root's."""

    home: Home
    system: bool

    @classmethod
    def of(cls, home: Home) -> "Units":
        return cls(home, os.geteuid() == 0)

    @property
    def folder(self) -> Path:
        if self.system:
            return Path("/etc/systemd/system")
        return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "systemd/user"

    def path(self, unit: str) -> Path:
        """An installation that is not where podshift puts it by itself has its own names."""
        name = "podshift" if self.home.is_default else f"podshift-{self.home.identity}"
        return self.folder / unit.replace("podshift", name, 1)

    def links(self) -> dict[str, Path]:
        """What enabling a unit makes."""
        targets = {UP: "multi-user.target" if self.system else "default.target", TIMER: "timers.target"}
        return {unit: self.folder / f"{target}.wants" / self.path(unit).name for unit, target in targets.items()}

    def texts(self, settings: Settings) -> dict[str, str]:
        """The units as they should be, by their names."""
        return {unit: self._text(unit, settings) for unit in (UP, PRUNE, TIMER)}

    def _text(self, unit: str, settings: Settings) -> str:
        variables = {"PODSHIFT_HOME": self.home.path, "PATH": search_path(settings.engine, "git")}
        return render_template(
            f"units/{unit}.j2",
            [self.home.templates],
            system=self.system,
            engine=settings.engine,
            home=str(self.home.path).replace("%", "%%"),
            environment=[quoted(f"{name}={value}") for name, value in variables.items()],
            podshift=f"{quoted(sys.executable)} -I -m podshift.cli",
        )

    def systemctl(self, *arguments: str) -> None:
        """Raises PodshiftError with systemd's own words."""
        command = ["systemctl", *([] if self.system else ["--user"]), *arguments]
        runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
        environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        hint = " ".join(command)
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PodshiftError(f"systemctl could not be run: {error}", hint=hint) from None
        if done.returncode:
            raise PodshiftError("systemctl failed", hint=hint, details=tuple(done.stderr.splitlines()[-5:]))


def install_service(home: Home) -> list[Path]:
    """Write and enable the units; doing it again changes nothing. The files.

    Raises PodshiftError, after doing what could be done, for what keeps them from being started.
    """
    units = Units.of(home)
    units.folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for unit, text in units.texts(load_settings(home)).items():
        paths.append(units.path(unit))
        if not paths[-1].is_file() or paths[-1].read_text() != text:
            paths[-1].write_text(text)
    _enable(units)
    return paths


def _enable(units: Units) -> None:
    _linger()
    if SYSTEMD.is_dir():
        units.systemctl("daemon-reload")
    units.systemctl("enable", *(units.path(unit).name for unit in ENABLED))
    if not SYSTEMD.is_dir():
        raise PodshiftError(
            f"the units are in {units.folder} and enabled, but systemd does not run here: nothing starts them",
            hint="whatever starts this machine has to run: podshift up",
        )
    units.systemctl("start", units.path(TIMER).name)
    if not lingers():
        user = getpass.getuser()
        raise PodshiftError(
            f"the units are enabled, but {user} does not linger: nothing starts before somebody logs in as {user}",
            hint=f"as root: loginctl enable-linger {user}",
        )


def remove_service(home: Home) -> list[Path]:
    """Take the units away, where there are any; the files that went."""
    units = Units.of(home)
    paths = [path for unit in (UP, PRUNE, TIMER) if (path := units.path(unit)).exists()]
    if paths:
        with suppress(PodshiftError):  # its links go in any case
            units.systemctl("disable", *(["--now"] if SYSTEMD.is_dir() else []), *(path.name for path in paths))
        for path in (*paths, *units.links().values()):
            path.unlink(missing_ok=True)
        if SYSTEMD.is_dir():
            with suppress(PodshiftError):
                units.systemctl("daemon-reload")
    return paths


def check_units(home: Home) -> Iterator[Finding]:
    """For `podshift doctor`: will somebody run `podshift up` after a reboot?"""
    units = Units.of(home)
    texts = units.texts(load_settings(home))
    there = [unit for unit, text in texts.items() if _says(units.path(unit), text)]
    enabled = all(link.exists() for link in units.links().values())
    if len(there) < len(texts) or not enabled:
        yield warning("units", "after a reboot nothing brings the apps up", "podshift install-service")
    elif not SYSTEMD.is_dir():
        fix = "have whatever starts this machine run: podshift up"
        yield warning("units", f"in {units.folder}, but systemd does not run here", fix)
    else:
        yield fine("units", f"{units.path(UP).name} at boot, {units.path(TIMER).name} every day")


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


def quoted(text: str) -> str:
    """One word of a unit's line: systemd.syntax(7) on quotes, systemd.unit(5) on `%`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def search_path(*programs: str) -> str:
    """PATH for a process that systemd starts: the usual folders, after those where the programs are found now."""
    found = (shutil.which(program) for program in programs)
    return os.pathsep.join(dict.fromkeys([*(str(Path(one).parent) for one in found if one), *USUAL_PATH]))


def _linger() -> None:
    """Without it systemd starts a user's units when they log in, and ends them when they log out."""
    if not lingers():
        with suppress(OSError, subprocess.TimeoutExpired):
            command = ["loginctl", "--no-ask-password", "enable-linger"]
            subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
