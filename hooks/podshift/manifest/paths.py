"""Names and paths out of a pushed repository that become names and paths on this machine."""

import re
from collections.abc import Callable
from posixpath import normpath

from podshift.manifest.shown import shown
from podshift.manifest.tables import Faults, Parser, mapping
from podshift.manifest.values import one_line, refuse
from podshift.model import APP_NAME
from podshift.report.text import printable

PROCESS_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
VOLUME_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
ARGUMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
# No `:` or `,` nor quotes: they end a part of the engine's own volume syntax.
MOUNT_PATH = re.compile(r"/[A-Za-z0-9._/@+-]{1,199}")


def named(pattern: re.Pattern[str], rule: str) -> Callable[[str], None]:
    """A check of a key, with the rule that it has to follow."""

    def check(key: str) -> None:
        if not pattern.fullmatch(key):
            raise ValueError(f"is no good name; {rule}")

    return check


def process_name(name: str) -> None:
    """ValueError unless it can be part of a container's name; `web` and `release` have their own tables.

    Containers of `run` are those of somebody's command, which stay when a release's are stopped.
    """
    if name in ("web", "release"):
        raise ValueError(f"belongs in [{name}]")
    if name == "run":
        raise ValueError("is no good name; what `podshift run` starts has it")
    named(PROCESS_NAME, "use 1 to 30 lowercase letters, digits and hyphens, a letter first")(name)


volume_name = named(VOLUME_NAME, "use 1 to 40 lowercase letters, digits, _ and -, a letter or digit first")
argument_name = named(ARGUMENT_NAME, "use letters, digits and _, no digit first")


def path_inside(value: object) -> str:
    """A path below the repository's top, normalised. The caller still has to join it, and to mind links."""
    path = _shown_as_it_is(value)
    clean = normpath(path) if path else "/"
    if clean.startswith(("/", "-")) or ".." in path.split("/") or len(path) > 200:
        refuse(value, "a relative path inside the repository")
    return clean


def folder_around(value: object) -> str:
    """A folder, normalised. It may begin with `..`; whether that leaves the repository, only places.py can tell."""
    path = _shown_as_it_is(value)
    clean = normpath(path) if path else "/"
    if clean.startswith(("/", "-")) or len(path) > 200:
        refuse(value, "a relative path inside the repository")
    return clean


def _shown_as_it_is(value: object) -> str:
    """It is said in many places, and must not be read as another one there."""
    path = one_line(value)
    return path if printable(path) == path or len(path) > 200 else refuse(value, "a path without invisible characters")


def file_inside(value: object) -> str:
    path = path_inside(value)
    return path if path != "." else refuse(value, "the path of a file inside the repository")


def mount_path(value: object) -> str:
    """An absolute path in the container, normalised."""
    if isinstance(value, str) and MOUNT_PATH.fullmatch(value) and ".." not in value.split("/"):
        path = normpath(f"/{value.strip('/')}")
    else:
        path = "/"
    if path != "/":
        return path
    return refuse(value, 'an absolute path such as "/var/lib/app", of letters, digits and ._/@+- and without ..')


def app_names(value: object) -> tuple[str, ...]:
    """Other apps of the server, each once."""
    if not isinstance(value, list):
        refuse(value, 'a list of names of apps such as ["api"]')
    for one in value:
        if not isinstance(one, str) or not APP_NAME.fullmatch(one):
            raise ValueError(f'must be a list of names of apps such as ["api"], and {shown(one)} is no such name')
    return tuple(dict.fromkeys(value))


def volumes(value: object) -> dict[str, str]:
    """A volume's name → its path inside; no two on one path."""
    read: dict[str, str] = read_volumes(value)
    faults, first = Faults(), dict[str, str]()
    for name, path in read.items():
        if first.setdefault(path, name) != name:
            faults.found.append(((name,), f'is on {shown(path)} as well as "{first[path]}"'))
    faults.raise_any()
    return read


read_volumes: Parser = mapping(volume_name, mount_path)
