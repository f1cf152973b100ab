"""What containers print, as the engine keeps it."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from podshift.engine.caller import Caller
from podshift.engine.command import Line, start, terminate


class Output(Caller):
    """The engine's verbs for what a container prints."""

    def own_log(self, policy: Sequence[str], path: str) -> list[str]:
        """Options of `run` by which the file `path` has, in the end, what the container printed; it outlives it."""
        if "--log-driver=k8s-file" not in policy or any(one.startswith("--log-opt=path=") for one in policy):
            return []
        return [f"--log-opt=path={path}"]

    def logs(self, name: str, lines: int) -> list[str]:
        """The last lines of both streams, in order."""
        return self._last(name, lines)

    def timed_logs(self, name: str, lines: int) -> list[str]:
        """The last lines of both streams, each after its time and a space."""
        return self._last(name, lines, "--timestamps")

    def _last(self, name: str, lines: int, *options: str) -> list[str]:
        collected: deque[str] = deque(maxlen=lines)
        self.call("logs", *options, *self.tail(name, lines), name, on_line=collected.append)
        return list(collected)

    def tail(self, name: str, lines: int) -> list[str]:
        """The option of `logs` for the last lines, where it can be trusted.

        podman 4.3 loses or moves a line of a log in a file that was written in two pieces, as an unbuffered Python
        program does: so such a log, which podshift's template bounds, is read from its beginning.
        """
        driver = self.call("container", "inspect", "--format={{.HostConfig.LogConfig.Type}}", name).strip()
        return [f"--tail={lines}"] if driver == "journald" else []

    def follow_logs(self, name: str, lines: int, on_line: Line) -> Callable[[], None]:
        """Pass on the last lines, and all that come until the container is gone; what is given back ends it."""
        command = [*self.options, "logs", "--follow", f"--tail={lines}", name]
        process = start(self.program, command, out=lambda line: on_line(line.rstrip("\r\n")), err=None)
        return partial(terminate, process)
