"""All groups of verbs together, as Docker understands them."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from podshift.engine.caller import OWN_SECONDS
from podshift.engine.command import EngineError, Line
from podshift.engine.docker.containers import DockerContainers
from podshift.engine.docker.daemon import explained
from podshift.engine.docker.images import DockerImages
from podshift.engine.docker.networks import DockerNetworks
from podshift.engine.engine import Engine


class Docker(DockerContainers, DockerImages, DockerNetworks, Engine):
    """Docker, by its command line; its daemon is the one that the options name."""

    own_user = str(os.geteuid())
    info_storage = "{{.DockerRootDir}}"

    def call(
        self, *arguments: str, timeout: float | None = OWN_SECONDS, env: Mapping[str, str] | None = None,
        on_line: Line | None = None, stdin: Any = None,
    ) -> str:  # fmt: skip
        try:
            return super().call(*arguments, timeout=timeout, env=env, on_line=on_line, stdin=stdin)
        except EngineError as error:
            raise explained(error) from None

    def info(self) -> dict[str, Any]:
        """Docker 20.10 has this succeed, and the daemon's silence in it as one of its facts."""
        found = super().info()
        if errors := found.get("ServerErrors"):
            raise explained(EngineError("docker info failed", "\n".join(errors)))
        return found

    def exists(self, kind: str, name: str) -> bool:
        try:
            self.call(kind, "inspect", "--format=there", name)
        except EngineError as error:
            if error.hint:  # nobody was asked
                raise
            return False
        return True

    def own_log(self, policy: Sequence[str], path: str) -> list[str]:
        return [f"--label=podshift.log={path}"]

    def tail(self, name: str, lines: int) -> list[str]:
        return [f"--tail={lines}"]
