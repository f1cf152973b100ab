"""A machine elsewhere that has private repositories: a real sshd on loopback, which lets in whose key it is given."""

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.installation import free_port, wait_until
from server.user import SSHD


@dataclass
class GitHost:
    """`repositories` has bare ones; the account is that of whoever runs the tests, for git alone."""

    folder: Path
    port: int
    daemon: "subprocess.Popen[bytes] | None" = None

    @property
    def repositories(self) -> Path:
        return self.folder / "repositories"

    @property
    def commands(self) -> Path:
        return self.folder / "commands"

    def url(self, name: str) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.repositories / name}"

    def command(self, name: str, script: str) -> None:
        """What this machine runs when its SSH is asked for `name`."""
        program = self.commands / name
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)

    def let_in(self, *keys: str) -> None:
        """These, and nobody else."""
        (self.folder / "authorized_keys").write_text("".join(f"restrict {key.strip()}\n" for key in keys))

    def start(self, host_key: str) -> None:
        """As the machine that has this host key."""
        self.stop()
        path = self.folder / host_key
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=60)
        (self.folder / "sshd_config").write_text(self._configuration(path))
        with (self.folder / "sshd.log").open("a") as log:
            self.daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")], stderr=log)
        scan = ["ssh-keyscan", "-T", "5", "-p", str(self.port), "127.0.0.1"]
        wait_until(lambda: subprocess.run(scan, capture_output=True, timeout=30).stdout, what=f"sshd; {self.folder}")

    def stop(self) -> None:
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait()
            self.daemon = None

    def _configuration(self, host_key: Path) -> str:
        return f"""\
ListenAddress 127.0.0.1:{self.port}
HostKey {host_key}
AuthorizedKeysFile {self.folder}/authorized_keys
StrictModes no
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers {getpass.getuser()}
SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=* PATH={self.commands}:/usr/bin:/bin
"""


@contextmanager
def git_host(folder: Path) -> Iterator[GitHost]:
    host = GitHost(folder, free_port())
    host.repositories.mkdir(parents=True)
    host.commands.mkdir()
    host.let_in()
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd will not start without it
    try:
        host.start("host_key")
        yield host
    finally:
        host.stop()
