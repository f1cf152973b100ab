"""How a container's variables reach the engine without being seen, and without steering it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from podshift.engine.memory import MEMORY, private_prefix
from podshift.errors import PodshiftError

# Values travel in the engine's own environment, `--env=NAME` naming them: arguments can be read by everybody on the
# machine. These names mean something to the engine and its helpers themselves; they go through a file in memory.
STEERING = re.compile(
    r"PATH|HOME|USER|TMPDIR|TZ|LANG|LC_.*|LD_.*|GO[A-Z]+|XDG_.*|_?CONTAINERS?_.*|STORAGE_.*|REGISTRY_.*|DOCKER_.*"
    r"|PODMAN_.*|BUILDAH_.*|NETAVARK_.*|DBUS_.*|NOTIFY_SOCKET|LISTEN_.*|SSL_.*|(?i:[a-z]+_proxy)"
)


@contextmanager
def passed(arguments: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The arguments and the engine's additional environment that give a container the variables `env`.

    Raises PodshiftError for a steering name whose value has a line break: the engine's files cannot hold that.
    """
    steering = {name: value for name, value in env.items() if STEERING.fullmatch(name)}
    rest = {name: value for name, value in env.items() if name not in steering}
    if not steering:
        yield list(arguments), rest
        return
    for name, value in steering.items():
        if "\n" in value:
            raise PodshiftError(f"the value of {name} has a line break", hint="the container engine cannot take that")
    words = list(arguments)
    for name in steering:
        words.remove(f"--env={name}")  # the first: options come before the container's own command
    with NamedTemporaryFile(mode="w", prefix=private_prefix("env"), dir=MEMORY if MEMORY.is_dir() else None) as file:
        file.writelines(f"{name}={value}\n" for name, value in steering.items())
        file.flush()
        yield [f"--env-file={file.name}", *words], rest
