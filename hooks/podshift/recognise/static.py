"""A static site: files to be served as they are."""

from collections.abc import Sequence

from podshift.recognise.found import Recognised
from podshift.recognise.tree import Tree
from podshift.recognise.version import Version

CADDY = ("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile")


def recognise(_tree: Tree, command: Sequence[str]) -> Recognised:
    return Recognised(
        kind="static",
        title="static site",
        version=Version(""),
        command=tuple(command) or CADDY,
        reasons=("index.html",),
    )
