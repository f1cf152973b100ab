"""Docker's containers: one network at the start, no waiting in `rm`, and a log that goes with the container."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from podshift.engine.caller import label_filters
from podshift.engine.command import EngineError, Line
from podshift.engine.containers import Containers
from podshift.engine.docker.arguments import RunArguments
from podshift.engine.docker.inside import start_beside
from podshift.engine.docker.savedlog import save_log
from podshift.engine.environment import passed
from podshift.engine.objects import Container
from podshift.engine.terminal import attached

LISTING_TRIES = 5
FACTS = (
    '{"name":{{json .Name}},"labels":{{json .Config.Labels}},"state":{{json .State.Status}},"pid":{{json .State.Pid}}}'
)
GONE = re.compile(r"No such (container|object)|removal of container \S+ is already in progress")


class DockerContainers(Containers):
    """Docker's own ways with containers."""

    changed_meanwhile = re.compile(
        r"is already in progress|did not receive an exit event|is not running|no such process"
    )

    def _knows_shares(self, info: Mapping[str, Any]) -> bool:
        return bool(info.get("CPUShares"))

    def _last_status(self, identity: str) -> int | None:
        """Docker waits before it starts one again, a little longer each time: its next end is seen soon."""
        return None

    def containers(self, **labels: str) -> list[Container]:
        """`ps` knows no process ids, and its labels cannot be told apart where one has a comma in it."""
        for _ in range(LISTING_TRIES - 1):
            with suppress(EngineError):  # one of them went between the two questions
                return self._listed(labels)
        return self._listed(labels)

    def _listed(self, labels: Mapping[str, str]) -> list[Container]:
        ids = self.call("ps", "--all", "--quiet", "--no-trunc", *label_filters(labels)).split()
        if not ids:
            return []
        rows = map(json.loads, self.call("container", "inspect", f"--format={FACTS}", *ids).splitlines())
        return [Container(row["name"].lstrip("/"), row["labels"] or {}, row["state"], row["pid"]) for row in rows]

    def run(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._run(arguments, env or {}, lambda words, rest: self.call(*words, env=rest))

    def run_once(self, arguments: Sequence[str], env: Mapping[str, str], on_line: Line) -> None:
        def to_its_end(words: Sequence[str], rest: Mapping[str, str]) -> None:
            self.call(*words, env=rest, on_line=on_line, timeout=self.build_seconds)

        self._run(arguments, env, to_its_end)

    def interactive(self, verb: str, arguments: Sequence[str], env: Mapping[str, str]) -> int:
        if verb != "run":
            return super().interactive(verb, arguments, env)
        status = 0

        def on_terminal(words: Sequence[str], rest: Mapping[str, str]) -> None:
            nonlocal status
            status = attached(self.program, [*self.options, *words], rest)

        self._run(arguments, env, on_terminal)
        return status

    def _run(
        self, arguments: Sequence[str], env: Mapping[str, str], last: Callable[[list[str], dict[str, str]], object]
    ) -> None:
        """`run`; for several networks: made, put on the others, and only then started by the `last` call."""
        with passed(arguments, env) as (words, rest):
            wanted = RunArguments.of(words)
            if not wanted.further:
                last(["run", *self.run_options, *wanted.words()], rest)
                return
            container = self.call("create", *self.run_options, *wanted.words(created=True), env=rest).split()[-1]
            try:
                for network in wanted.further:
                    self.call("network", "connect", *network.options, network.name, container)
                last(["start", *wanted.attach, container], {})
            except BaseException:
                with suppress(EngineError):
                    self.call("rm", "--force", "--volumes", container)
                raise

    def healthy(self, name: str, seconds: float) -> bool:
        """Docker's daemon runs the HEALTHCHECK by itself."""
        return self.call("container", "inspect", "--format={{.State.Health.Status}}", name).strip() == "healthy"

    def start_inside(self, name: str, pid: int, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Docker's networks are root's to enter; who is not root has the daemon do it."""
        if os.geteuid() == 0:
            return super().start_inside(name, pid, command)
        return start_beside(self.program, self.options, self.helper_image, name, command)

    def stop(self, names: Sequence[str], seconds: float) -> None:
        if names:
            self._end_containers("stop", f"-t{round(seconds)}", *names, seconds=seconds)

    def remove(self, names: Sequence[str], seconds: float = 0) -> None:
        """Stopped first, for `rm` kills at once; then its log is kept, for that would go with it."""
        if not names:
            return
        if seconds:
            with suppress(EngineError):  # what is gone already; what does not end is killed below
                self.call("stop", f"-t{round(seconds)}", *names, timeout=self.seconds + seconds)
        for name in names:
            with suppress(EngineError):
                self._keep_log(name)
        try:
            self._end_containers("rm", "--force", "--volumes", *names, seconds=0)
        except EngineError as error:
            lines = [line for line in error.output.splitlines() if line.strip() and line.strip() not in names]
            if not lines or not all(GONE.search(line) for line in lines):
                raise

    def _keep_log(self, name: str) -> None:
        path = self.call("container", "inspect", '--format={{index .Config.Labels "podshift.log"}}', name).strip()
        if path:
            save_log(self.program, [*self.options, "logs", "--timestamps", name], path, self.seconds)
