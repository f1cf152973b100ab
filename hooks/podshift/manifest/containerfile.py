"""What a Containerfile may ask of the engine, beside running its steps in the build's own containers.

Where these rules come from was measured with podman 4.3 (Debian 12): a `--mount` follows links and `..` of its
source out of the build, to any file of the server that the engine may read or write; `ADD URL` is fetched by the
engine itself, from the server's own network, 127.0.0.1 included; a file called `*.in` goes through cpp, which includes
files of the server. Later engines mend some of it. `COPY` and `ADD` of files stay inside the build.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from podshift.manifest.instructions import Instruction, declared, expanded, read_instructions

MOUNT = re.compile(r"--mount(?![\w-])=?(?P<options>\S*)")
FROM_OPTION = re.compile(r"--from(?![\w-])=?(?P<name>\S*)")
PATH = re.compile(r"/?[A-Za-z0-9._@+-]+(?:/[A-Za-z0-9._@+-]+)*/?")
CACHE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
STAGE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
IMAGE = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?::\d+(?=/))?(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
# Arguments by which BuildKit itself is told what reads the Containerfile, and whose caches it uses.
STEERING = ("BUILDKIT_SYNTAX", "BUILDKIT_CACHE_MOUNT_NS")
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
    reader.faults += [f"build.args: {name} is podshift's to say" for name in STEERING if name in args]
    if reader.faults:
        raise ValueError("\n".join(reader.faults))
    return Asked(tuple(dict.fromkeys(reader.images)), reader.binds_context, tuple(reader.caches))


class _Reader:
    def __init__(self, args: Mapping[str, str]) -> None:
        self.args = args
        self.known: dict[str, str] = {}
        self.stages: list[str] = []
        self.images: list[str] = []
        self.caches: list[str] = []
        self.binds_context = False
        self.faults: list[str] = []

    def read(self, instruction: Instruction) -> None:
        if instruction.word == "ARG" and not self.stages:
            self.known |= declared(instruction.rest, self.args, self.known)
        elif instruction.word == "FROM":
            self._base(instruction.plain.split())
        elif instruction.word == "ADD":
            self._add(instruction.plain)
        elif instruction.word == "COPY":
            self._sources(instruction.plain)
        for match in MOUNT.finditer(instruction.plain):
            self._mount(match["options"])

    def _base(self, words: list[str]) -> None:
        names = [word for word in words if not word.startswith("--")]
        if not names:
            raise ValueError("FROM names no image")
        self._image(expanded(names[0], self.known))
        named = len(names) == 3 and names[1].upper() == "AS"
        self.stages.append(names[2].lower() if named and STAGE.fullmatch(names[2]) else "")

    def _sources(self, rest: str) -> None:
        for match in FROM_OPTION.finditer(rest):
            self._image(expanded(match["name"], {}))

    def _image(self, name: str) -> None:
        if name == "scratch" or name.lower() in self.stages or (name.isdecimal() and int(name) < len(self.stages)):
            return
        if not IMAGE.fullmatch(name) or name.partition(":")[0] in TRANSPORTS:
            raise ValueError(f"{name} is no name of an image in a registry")
        self.images.append(name)

    def _add(self, rest: str) -> None:
        sources = rest.rpartition(" ")[0] if not rest.endswith("]") else rest
        if re.search(r"://|git@|\$", sources):
            raise ValueError("ADD would fetch from the server's own network; RUN curl fetches from the build's")

    def _mount(self, text: str) -> None:
        options = dict(part.partition("=")[::2] for part in text.split(","))
        kind = options.get("type", "bind")
        if "$" in text:
            raise ValueError("a --mount with a variable in it may lead anywhere")
        if kind == "cache":
            self._cache(options)
        elif kind == "bind":
            self._bind(options)
        elif kind not in ("tmpfs", "secret", "ssh"):
            raise ValueError(f"--mount knows no type {kind}")

    def _cache(self, options: Mapping[str, str]) -> None:
        if options.keys() & {"from", "source", "src"}:
            raise ValueError("a cache may have no source: RUN --mount=type=cache,target=…")
        target = options.get("target") or options.get("dst") or options.get("destination") or ""
        name = options.get("id") or target.strip("/")
        good = CACHE_ID.fullmatch(name) if "id" in options else target.startswith("/") and PATH.fullmatch(name)
        if not good or ".." in name.split("/"):
            raise ValueError("a cache needs an absolute target, and an id of letters, digits and ._-")
        if any(_inside(name, one) or _inside(one, name) for one in self.caches):
            raise ValueError(f"the cache {name} is inside another, or another inside it; give each an id")
        self.caches.append(name)

    def _bind(self, options: Mapping[str, str]) -> None:
        source = options.get("source") or options.get("src") or ""
        if options.keys() & {"rw", "readwrite"} or options.get("ro") == "false" or options.get("readonly") == "false":
            raise ValueError("what a step binds it may only read")
        if origin := options.get("from"):
            self._image(origin)
            if source.strip("/."):
                raise ValueError("a link in that image may lead out of it; bind all of it, or use COPY --from")
        elif source not in ("", ".", "/", "./") and (not PATH.fullmatch(source) or ".." in source.split("/")):
            raise ValueError(f"{source} is no path inside the build's context")
        else:
            self.binds_context = True


def _inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
