"""Somebody of the team: a key of their own, by which they reach a user's sshd."""

import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.checkout import Checkout
from server.user import User


def share_connections(user: User) -> None:
    """One connection for all commands of a key: most of a short command's time is the handshake."""
    config = user.keys / "config"
    lines = ("ControlMaster auto", "ControlPersist 60", f"ControlPath {user.keys / 'user_key'}.mux")
    config.write_text(config.read_text() + "".join(f"    {line}\n" for line in lines))


@dataclass(frozen=True)
class Person:
    """`name` is what podshift calls their key; `config` leads their ssh client, with this key only, to the server."""

    user: User
    name: str
    key: Path

    @classmethod
    def of(cls, user: User, name: str, kind: str = "ed25519") -> "Person":
        key = user.keys / f"{name}-{secrets.token_hex(3)}"
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name}@laptop", "-f", key], check=True)
        config = (user.keys / "config").read_text().replace("user_key", key.name)
        key.with_suffix(".config").write_text(config)
        return cls(user, name, key)

    @property
    def public(self) -> str:
        return self.key.with_suffix(".pub").read_text()

    @property
    def ssh_command(self) -> str:
        return f"ssh -F {self.key.with_suffix('.config')}"

    def ssh(self, *line: str, options: tuple[str, ...] = (), **more: Any) -> subprocess.CompletedProcess[str]:
        """What they type behind `ssh deploy@server`, with `options` of ssh's own before it."""
        more = {"stdin": subprocess.DEVNULL, "timeout": 180, **more}
        if "input" in more:
            del more["stdin"]
        return subprocess.run(
            [*self.ssh_command.split(), *options, "server", *line],
            capture_output=True, text=True, errors="replace", **more,
        )  # fmt: skip

    def checkout(self, folder: Path) -> Checkout:
        """A checkout of the hello app, pushed from with this key."""
        checkout = Checkout(folder)
        checkout.git("config", "core.sshCommand", self.ssh_command)
        return checkout
