"""An installation of an ordinary user's, asked and pushed to over ssh, as a person does from their own machine."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.installation import PROGRAM, Server, free_port, ready
from server.user import User, equip, ordinary_user


@dataclass(frozen=True)
class RemoteServer(Server):
    """Where podshift puts an installation that is not told otherwise: in `user`'s home."""

    user: User

    @classmethod
    def of(cls, user: User) -> "RemoteServer":
        return cls(user.home / ".local/share/podshift", free_port(), user)

    def remote(self, made: dict[str, str]) -> str:
        """The line that a person pastes."""
        return made["remote"]

    def podshift(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        done = self.user.ssh(str(self.user.checkout / "bin/podshift"), *arguments, **options)
        if check:
            assert done.returncode == 0, f"podshift {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done

    def engine(self, *arguments: str) -> str:
        done = self.user.ssh(self.settings["engine"], *self.settings["engine_options"], *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def rootless_server(keys: Path) -> Iterator[RemoteServer]:
    """A user of this machine for the time of a test run, with an installation; needs root."""
    with ordinary_user(keys) as user:
        if PROGRAM == "docker":
            equip(user)
        else:
            done = user.ssh(str(user.checkout / "bin/setup"), timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
        with ready(RemoteServer.of(user)) as server:
            yield server
