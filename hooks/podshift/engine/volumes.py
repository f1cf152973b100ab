"""Data volumes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from podshift.engine.caller import Caller
from podshift.engine.command import EngineError


class Volumes(Caller):
    """The engine's verbs for volumes."""

    def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        self.call("volume", "create", *(f"--label={key}={value}" for key, value in labels.items()), name)

    def volume_labels(self, name: str) -> Mapping[str, str] | None:
        """The labels of a volume; None when there is no such volume. Raises EngineError where nobody can tell."""
        try:
            (facts,) = json.loads(self.call("volume", "inspect", name))
        except EngineError as error:
            if "no such volume" not in error.output.lower():
                raise
            return None
        return facts.get("Labels") or {}

    def volume_folder(self, name: str) -> Path | None:
        """Where the engine keeps what is in a volume, which may be out of this user's reach; None: no such volume."""
        try:
            return Path(self.call("volume", "inspect", "--format={{.Mountpoint}}", name).strip())
        except EngineError:
            return None

    def volumes(self, **labels: str) -> list[str]:
        """Volumes with all these labels; the names are without their `podshift.` prefix.

        The engine's filter finds candidates only: what is told here may be removed, with all data.
        """
        wanted = {f"podshift.{key}": value for key, value in labels.items()}
        filters = [f"--filter=label={key}={value}" for key, value in wanted.items()]
        names = sorted(self.call("volume", "ls", "--format={{.Name}}", *filters).split())
        return [name for name in names if wanted.items() <= (self.volume_labels(name) or {}).items()]

    def remove_volumes(self, names: Sequence[str]) -> None:
        if names:
            self.call("volume", "rm", *names)

    def remove_folder(self, folder: Path) -> None:
        """A folder of ours with files in it that a rootless container's users own."""
        self.call("unshare", "rm", "-rf", "--", str(folder))
