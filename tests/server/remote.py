"""An installation of an ordinary user's, asked and pushed to over ssh, as a person does from their own machine."""

import subprocess
from dataclasses import dataclass
from typing import Any

from server.installation import Server, free_port
from server.user import User


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
