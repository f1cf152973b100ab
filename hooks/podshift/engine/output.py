"""What containers print, as the engine keeps it."""

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
        collected: list[str] = []
        self.call("logs", f"--tail={lines}", name, on_line=collected.append)
        return collected[-lines:]

    def timed_logs(self, name: str, lines: int) -> list[str]:
        """The last lines of both streams, each after its time and a space."""
        collected: list[str] = []
        self.call("logs", "--timestamps", f"--tail={lines}", name, on_line=collected.append)
        return collected

    def follow_logs(self, name: str, lines: int, on_line: Line) -> Callable[[], None]:
        """Pass on the last lines, and all that come until the container is gone; what is given back ends it."""
        command = [*self.options, "logs", "--follow", f"--tail={lines}", name]
        process = start(self.program, command, out=lambda line: on_line(line.rstrip("\r\n")), err=None)
        return partial(terminate, process)
