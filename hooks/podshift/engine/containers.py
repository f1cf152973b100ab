"""Containers: listed, run, started, stopped, taken away."""

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from podshift.engine.caller import Caller, label_filters
from podshift.engine.command import EngineError, Line
from podshift.engine.ending import Ending
from podshift.engine.environment import passed
from podshift.engine.inside import start_inside
from podshift.engine.objects import Container
from podshift.engine.terminal import attached

STOPPING_TRIES = 5
# Of the processors, when all of them are wanted; a container has 1024 unless it asks for more.
FIRST_SHARES = 8192
END = (
    '{"id":{{json .ID}},"state":{{json .State.Status}},"status":{{json .State.ExitCode}},'
    '"out_of_memory":{{json .State.OOMKilled}},"memory":{{json .HostConfig.Memory}}}'
)
ENDED = ("exited", "stopped", "restarting", "dead")
# A reason is worth so long: while a release is watched, requests wait for what was found out.
EVENTS_SECONDS = 2.0
RESTARTED = re.compile(r"^/?(\S+) (\d+)$", re.MULTILINE)


class Containers(Caller):
    """The engine's verbs for containers."""

    # Its words when a container ended by itself, or was started again by its policy, while it was being stopped.
    changed_meanwhile = re.compile(r"could not be stopped|container state improper")

    def containers(self, **labels: str) -> list[Container]:
        """Containers with all these labels, running or not; the names are without their `podshift.` prefix."""
        filters = label_filters(labels)
        rows = json.loads(self.call("ps", "--all", "--format=json", *filters) or "[]")
        return [Container(row["Names"][0], row.get("Labels") or {}, row["State"], row.get("Pid", 0)) for row in rows]

    def ending(self, name: str) -> Ending | None:
        """How a container ended the last time, also where it runs again; None if the engine does not tell."""
        facts = json.loads(self.call("container", "inspect", f"--format={END}", name))
        identity, state = facts.pop("id"), facts.pop("state")
        if state not in ENDED:
            facts["status"] = self._last_status(identity)  # by now it knows the status of the next end only: 0
        return None if facts["status"] is None else Ending(**facts)

    def _last_status(self, identity: str) -> int | None:
        filters = (f"--filter=container={identity}", "--filter=event=died")
        words = ("events", "--stream=false", "--since=5m", *filters, "--format=json")
        events = self.call(*words, timeout=EVENTS_SECONDS).splitlines()
        return json.loads(events[-1]).get("ContainerExitCode") if events else None

    def restarts(self, names: Sequence[str]) -> dict[str, int]:
        """How often the engine started each of these again after it had ended; without those that are gone."""
        if not names:
            return {}
        try:
            printed = self.call("container", "inspect", "--format={{.Name}} {{.RestartCount}}", *names)
        except EngineError as error:
            printed = error.printed
        return {name: int(number) for name, number in RESTARTED.findall(printed)}

    @cached_property
    def first_served(self) -> list[str]:
        """Options of `run` for what all apps wait for: it goes first when every processor is busy.

        Empty where the engine has no cgroups to do it with, as for a user to whom systemd hands over none for `cpu`.
        """
        return [f"--cpu-shares={FIRST_SHARES}"] if self._knows_shares(self.info()) else []

    def _knows_shares(self, info: Mapping[str, Any]) -> bool:
        return "cpu" in (info["host"].get("cgroupControllers") or ())

    def run(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start a container from render.container_arguments()."""
        with passed(arguments, env or {}) as (words, rest):
            self.call("run", *self.run_options, *words, env=rest)

    def run_once(self, arguments: Sequence[str], env: Mapping[str, str], on_line: Line) -> None:
        """Run a container to its end, its output line by line. Raises EngineError when it fails."""
        with passed(arguments, env) as (words, rest):
            self.call("run", *self.run_options, *words, env=rest, on_line=on_line, timeout=self.build_seconds)

    def interactive(self, verb: str, arguments: Sequence[str], env: Mapping[str, str]) -> int:
        """`run` or `exec` with this process's own terminal; the command's exit status."""
        options = self.run_options if verb == "run" else []
        with passed(arguments, env) as (words, rest):
            return attached(self.program, [*self.options, verb, *options, *words], rest)

    def healthy(self, name: str, seconds: float) -> bool:
        """Run the HEALTHCHECK of a container's image now, for so long: no timer of systemd's need be there."""
        try:
            self.call("healthcheck", "run", name, timeout=seconds)
        except EngineError:
            return False
        return True

    def start(self, names: Sequence[str]) -> None:
        if names:
            self.call("start", *names)

    def stop(self, names: Sequence[str], seconds: float) -> None:
        """SIGTERM, and SIGKILL after `seconds`; the containers stay."""
        if names:
            self._end_containers("stop", f"--time={round(seconds)}", *names, seconds=seconds)

    def remove(self, names: Sequence[str], seconds: float = 0) -> None:
        """SIGTERM, SIGKILL after `seconds`, and gone. Containers that are gone already are no error."""
        if names:
            volumes = "--volumes"  # those without a name; data volumes have one
            self._end_containers(
                "rm", "--force", "--ignore", volumes, f"--time={round(seconds)}", *names, seconds=seconds
            )

    def copy_out(self, name: str, path: str, target: Path) -> None:
        """A file or folder of a container, which need not run. Raises EngineError where there is none."""
        self.call("cp", f"{name}:{path}", str(target))

    def start_inside(self, name: str, pid: int, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """A program of this machine's in the network of a container, whose process is `pid`, with pipes to it."""
        return start_inside(pid, command, rootless=os.geteuid() != 0)

    def _end_containers(self, *arguments: str, seconds: float) -> None:
        """Once more for a container that changed its state meanwhile (measured: 8 of 100 that crash as they start)."""
        for _ in range(STOPPING_TRIES - 1):
            try:
                self.call(*arguments, timeout=self.seconds + seconds)
            except EngineError as error:
                if not self.changed_meanwhile.search(error.output):
                    raise
            else:
                return
        self.call(*arguments, timeout=self.seconds + seconds)
