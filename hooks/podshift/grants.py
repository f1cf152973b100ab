"""What an operator may grant to an app beyond what its repository may ask for: a list with an end."""

import re
from posixpath import normpath
from typing import NamedTuple

from podshift.errors import PodshiftError
from podshift.model import check_app_name

# capabilities(7). Whoever wants all of them writes a template.
CAPABILITIES = re.compile(
    r"""
    AUDIT_CONTROL | AUDIT_READ | AUDIT_WRITE | BLOCK_SUSPEND | BPF | CHECKPOINT_RESTORE | CHOWN |
    DAC_OVERRIDE | DAC_READ_SEARCH | FOWNER | FSETID | IPC_LOCK | IPC_OWNER | KILL | LEASE |
    LINUX_IMMUTABLE | MAC_ADMIN | MAC_OVERRIDE | MKNOD | NET_ADMIN | NET_BIND_SERVICE | NET_BROADCAST |
    NET_RAW | PERFMON | SETFCAP | SETGID | SETPCAP | SETUID | SYSLOG | SYS_ADMIN | SYS_BOOT | SYS_CHROOT
    | SYS_MODULE | SYS_NICE | SYS_PACCT | SYS_PTRACE | SYS_RAWIO | SYS_RESOURCE | SYS_TIME |
    SYS_TTY_CONFIG | WAKE_ALARM
    """,
    re.VERBOSE,
)
KINDS = {
    "link": "link:OTHER-APP",
    "cap": "cap:NET_RAW",
    "device": "device:/dev/fuse",
    "path": "path:/srv/media:/media:ro",
    "volume": "volume:OTHER-APP.NAME:/inside:ro",
    "build": "build:unchecked",
}
# No `:` or `,` nor quotes: they end a part of the engine's own volume syntax.
PATH = re.compile(r"/[A-Za-z0-9._/@+-]{1,199}")
VOLUME = re.compile(r"[a-z][a-z0-9-]{0,39}\.[a-z0-9][a-z0-9_-]{0,39}")
UNCHECKED = "build:unchecked"


class Grant(NamedTuple):
    """`kind` and what follows the colon, in one way of writing it; `option` of the engine's `run`, if it needs one."""

    kind: str
    value: str
    option: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    @property
    def source(self) -> str:
        """Of a path or a volume: what is mounted."""
        return self.value.partition(":")[0]


def parse_grant(text: str) -> Grant:
    """A grant as an operator types it. Raises PodshiftError for what is none."""
    kind, _, value = text.partition(":")
    if kind == "link":
        return Grant(kind, check_app_name(value))
    if kind == "cap" and CAPABILITIES.fullmatch(name := value.upper().removeprefix("CAP_")):
        return Grant(kind, name, f"--cap-add={name}")
    if kind == "device" and _is_path(value) and value.startswith("/dev/"):
        return Grant(kind, value, f"--device={value}")
    if kind in ("path", "volume") and (mount := _mount(kind, value)):
        return Grant(kind, mount, f"--volume={mount}")
    if text == UNCHECKED:
        return Grant(kind, value)
    known = KINDS.get(kind)
    raise PodshiftError(
        f"{text!r} is nothing that can be granted",
        hint=f"such as {known}" if known else f"known are {', '.join(KINDS.values())}",
    )


def _mount(kind: str, value: str) -> str | None:
    """`SOURCE:/INSIDE` or `SOURCE:/INSIDE:ro`."""
    source, _, rest = value.partition(":")
    inside, _, mode = rest.partition(":")
    good = _is_path(source) if kind == "path" else VOLUME.fullmatch(source)
    return value if good and _is_path(inside) and mode in ("", "ro") and not value.endswith(":") else None


def _is_path(text: str) -> bool:
    return bool(PATH.fullmatch(text)) and normpath(text) == text
