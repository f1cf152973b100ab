"""The `--mount` of a step: what it may say, and what a cache and a bind may be.

Which keys there are: buildah-run(1) and the Dockerfile reference of BuildKit. Both take the last where one thing is
said twice, BuildKit takes capitals for small letters. Left out is what changes more than the step's own view of files:
`U` changes owners, and propagation is of mounts outside of the step.
"""

import re
from collections.abc import Mapping, Sequence

from podshift.manifest.shown import shorten

PATH = re.compile(r"/?[A-Za-z0-9._@+-]+(?:/[A-Za-z0-9._@+-]+)*/?")
CACHE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NAMES = {
    **dict.fromkeys(("target", "dst", "destination"), "target"),
    **dict.fromkeys(("source", "src"), "source"),
    **dict.fromkeys(("ro", "readonly", "rw", "readwrite"), "access"),
    **dict.fromkeys(("z", "Z", "relabel"), "label"),
    **dict.fromkeys(("size", "tmpfs-size"), "size"),
    **dict.fromkeys(("mode", "tmpfs-mode"), "mode"),
    **{
        name: name
        for name in (
            "type", "from", "id", "required", "uid", "gid", "sharing", "env", "tmpcopyup", "nosuid", "nodev", "noexec",
        )
    },
}  # fmt: skip
READ_ONLY = ("ro", "readonly", "ro=true", "readonly=true")
MOST_CACHES = 100
LONGEST_CACHE = 255

Mount = Mapping[str, str]


def read_mount(text: str) -> Mount:
    """What is said of each thing: of `access` the whole of it, of the others the value. Raises ValueError."""
    if not text:
        raise ValueError("a --mount needs its options: --mount=type=…")
    if re.search(r"[\"'\s]", text):
        raise ValueError("a --mount is written without quotes and blanks")
    if "$" in text:
        raise ValueError("a --mount with a variable in it may lead anywhere")
    mount: dict[str, str] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key not in NAMES:
            raise ValueError(
                f"podshift knows no {shorten(key) or 'key that is empty'} of a --mount; keys have small letters"
            )
        name = NAMES[key]
        if name in mount:
            raise ValueError(f"a --mount says its {name} twice; say it once")
        mount[name] = part if name == "access" else value
    return mount


def cache_name(mount: Mount, caches: Sequence[str]) -> str:
    """The folder that is kept for a cache: its id, else its target. ValueError where it could be inside another."""
    if mount.keys() & {"from", "source"}:
        raise ValueError("a cache may have no source: RUN --mount=type=cache,target=…")
    target = mount.get("target", "")
    name = mount["id"] if "id" in mount else target.strip("/")
    good = CACHE_ID.fullmatch(name) if "id" in mount else target.startswith("/") and PATH.fullmatch(name)
    if not good or ".." in name.split("/") or len(name) > LONGEST_CACHE:
        raise ValueError("a cache needs an absolute target, and an id of letters, digits and ._-")
    if any(_inside(name, one) or _inside(one, name) for one in caches):
        raise ValueError(f"the cache {name} is inside another, or another inside it; give each an id")
    if len(caches) == MOST_CACHES:
        raise ValueError(f"more than {MOST_CACHES} caches")
    return name


def check_bind(mount: Mount) -> None:
    """ValueError for a bind that could lead out of the context, or out of the image that it is from."""
    source = mount.get("source", "")
    if mount.get("access", "ro") not in READ_ONLY:
        raise ValueError("what a step binds it may only read")
    if mount.get("from"):
        if source.strip("/."):
            raise ValueError("a link in that image may lead out of it; bind all of it, or use COPY --from")
    elif source not in ("", ".", "/", "./") and (not PATH.fullmatch(source) or ".." in source.split("/")):
        raise ValueError(f"{shorten(source)} is no path inside the build's context")


def _inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
