"""How a command of the engine is run: the program, its options, and how long it may take."""

import json
from collections.abc import Mapping
from typing import Any

from podshift.engine import session
from podshift.engine.command import EngineError, Line, run
from podshift.settings import Settings

OWN_SECONDS = -1.0
NO = 1  # the exit status of podman's `exists`; all others are failures


class Caller:
    """What all groups of verbs stand on. `settings` are those that `podshift init` found to work here."""

    info_storage = "{{.Store.GraphRoot}}"

    def __init__(self, settings: Settings) -> None:
        self.program = settings.engine
        self.options = list(settings.engine_options)
        self.run_options = list(settings.run_options)
        self.seconds = float(settings.engine_seconds)
        self.helper_image = settings.proxy_image  # the one that is always here
        self.build_seconds = float(settings.build_seconds)
        session.enter(settings.runtime_folder)

    def call(
        self, *arguments: str, timeout: float | None = OWN_SECONDS, env: Mapping[str, str] | None = None,
        on_line: Line | None = None, stdin: Any = None,
    ) -> str:  # fmt: skip
        """Run a command, for `engine_seconds` unless said otherwise; None: without an end."""
        seconds = self.seconds if timeout == OWN_SECONDS else timeout
        return run(self.program, [*self.options, *arguments], timeout=seconds, env=env, on_line=on_line, stdin=stdin)

    def info(self) -> dict[str, Any]:
        """What the engine says of itself, in its own words: podman's and docker's differ."""
        found: dict[str, Any] = json.loads(self.call("info", "--format={{json .}}"))
        return found

    def storage_folder(self) -> str:
        """Where it keeps images, containers and volumes."""
        return self.call("info", f"--format={self.info_storage}").strip()

    def exists(self, kind: str, name: str) -> bool:
        """Is there a `container`, `network` or `image` of this name? Raises EngineError where nobody can tell."""
        try:
            self.call(kind, "exists", name)
        except EngineError as error:
            if error.status != NO:
                raise
            return False
        return True


def label_filters(labels: Mapping[str, str]) -> list[str]:
    """For things that have all these labels, whose names are here without their `podshift.` prefix."""
    return [f"--filter=label=podshift.{key}={value}" for key, value in labels.items()]
