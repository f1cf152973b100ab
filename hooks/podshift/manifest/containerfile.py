"""What a Containerfile may ask of the engine, beside running its steps in the build's own containers.

Where these rules come from was measured with podman 4.3 (Debian 12): a `--mount` follows links and `..` of its
source out of the build, to any file of the server that the engine may read or write; `ADD URL` is fetched by the
engine itself, from the server's own network, 127.0.0.1 included; a file called `*.in` goes through cpp, which includes
files of the server. Later engines mend some of it. `COPY` and `ADD` of files stay inside the build.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from podshift.manifest.instructions import Instruction, read_instructions, unquoted, words
from podshift.manifest.mounts import cache_name, check_bind, read_mount
from podshift.manifest.shown import shorten
from podshift.manifest.variables import Known, declare, expanded

FETCHED = re.compile(r"://|^[^@/]+@[^:/]+:|\$")  # git's USER@HOST:PATH, too
STAGE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
IMAGE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?::\d+(?=/))?(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
# Arguments by which BuildKit itself is told what reads the Containerfile, and whose caches it uses.
STEERING = ("BUILDKIT_SYNTAX", "BUILDKIT_CACHE_MOUNT_NS")
NETWORKS = ("--network=none", "--network=default")
MOST_FAULTS = 20
TRANSPORTS = (
    "containers-storage", "dir", "docker", "docker-archive", "docker-daemon", "oci", "oci-archive", "ostree", "sif",
    "tarball",
)  # fmt: skip


class Asked(NamedTuple):
    """What a Containerfile wants: images from elsewhere, the context itself in a step, folders that are kept."""

    images: tuple[str, ...]
    binds_context: bool
    caches: tuple[str, ...]


def examine(text: str, args: Mapping[str, str]) -> Asked:
    """Raises ValueError, with a line for each fault, for what a pushed repository may not ask for."""
    reader = _Reader(args)
    for instruction in read_instructions(text):
        try:
            reader.read(instruction)
        except ValueError as error:
            reader.faults.append(f"line {instruction.line}: {error}")
        if len(reader.faults) == MOST_FAULTS:
            break
    reader.faults += [f"build.args: {name} is podshift's to say" for name in STEERING if name in args]
    if reader.faults:
        raise ValueError("\n".join(reader.faults))
    return Asked(tuple(dict.fromkeys(reader.images)), reader.binds_context, tuple(reader.caches))


class _Reader:
    def __init__(self, args: Mapping[str, str]) -> None:
        self.args = args
        self.known: Known = {}
        self.stages: set[str] = set()
        self.bases = 0
        self.images: list[str] = []
        self.caches: list[str] = []
        self.binds_context = False
        self.faults: list[str] = []

    def read(self, instruction: Instruction) -> None:
        match instruction.word:
            case "ARG" if not self.bases:
                declare(instruction.rest, self.args, self.known)
            case "FROM":
                self._base(instruction.split()[1])
            case "ADD":
                self._add(instruction.split()[1])
            case "COPY":
                self._copy(instruction.split()[0])
            case "RUN":
                self._run(instruction.split()[0])
            case "ONBUILD":
                raise ValueError("no engine takes an ONBUILD of an ONBUILD")

    def _base(self, rest: str) -> None:
        """One name, or one with AS and another; engines refuse all else, and in a here-document it may be Python."""
        names = words(rest)
        named = len(names) == 3 and names[1].upper() == "AS"
        if names == [""]:
            raise ValueError("FROM names no image")
        if len(names) != 1 and not named:
            return
        self._image(expanded(names[0], self.known))
        self.bases += 1
        if named and STAGE.fullmatch(names[2]):
            self.stages.add(names[2].lower())

    def _copy(self, options: list[str]) -> None:
        for option in options:
            name, _, value = option.partition("=")
            if name == "--from":
                self._image(expanded(unquoted(value), {}))

    def _image(self, name: str) -> None:
        if name == "scratch" or name.lower() in self.stages or (name.isdecimal() and int(name) < self.bases):
            return
        if not IMAGE.fullmatch(name) or name.partition(":")[0] in TRANSPORTS:
            raise ValueError(f"{shorten(name, 100) or 'an empty text'} is no name of an image in a registry")
        self.images.append(name)

    def _add(self, rest: str) -> None:
        named = words(rest)
        if any(FETCHED.search(source) for source in named[:-1] or named):
            raise ValueError("ADD would fetch from the server's own network; RUN curl fetches from the build's")

    def _run(self, options: list[str]) -> None:
        for option in options:
            name, _, value = option.partition("=")
            if name == "--mount":
                self._mount(value)
            elif option not in NETWORKS:
                raise ValueError(f"RUN may have --mount, and no {shorten(option)}")

    def _mount(self, text: str) -> None:
        mount = read_mount(text)
        kind = mount.get("type", "bind")
        if kind not in ("bind", "cache", "tmpfs", "secret", "ssh"):
            raise ValueError(f"--mount knows no type {shorten(kind)}")
        if kind not in ("bind", "cache") and "from" in mount:
            raise ValueError(f"only what is bound may be from an image, and no {kind}")
        if kind == "cache":
            self.caches.append(cache_name(mount, self.caches))
        elif kind == "bind":
            check_bind(mount)
            if origin := mount.get("from"):
                self._image(origin)
            else:
                self.binds_context = True
