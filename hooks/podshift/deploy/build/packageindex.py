"""The machine's own package index, handed to builds as secrets when the operator says so.

Builds read pip.conf, .npmrc and the like only in the steps that install; nothing of it stays in an image.
"""

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from podshift.recognise.index import CERTIFICATES
from podshift.settings import make_private, write_private

SYSTEM = Path("/etc")
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_SECTIONS = ("global", "install", ":env:")
GO_NAMES = ("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GONOSUMCHECK")


def host_secrets(folder: Path) -> dict[str, Path]:
    """Files with what this machine says of its indexes, by the id of their secret.

    They are written below `folder`, for this user alone: an index may want a password.
    """
    place = make_private(folder / "index")
    texts = {"pip.conf": pip_conf(), "npmrc": npmrc(), "go.env": go_env(os.environ), "bundle": bundle()}
    for name, text in texts.items():
        write_private(place / name, text)
    found = {name: place / name for name in texts}
    return {**found, "certificates": TRUSTED} if TRUSTED.is_file() else found


def pip_conf() -> str:
    """pip's files in the order in which the later one counts, then the environment; only what a container can use."""
    values: dict[str, str] = {}
    for path in _pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text())
        except (OSError, ValueError, configparser.Error):
            continue
        for section in PIP_SECTIONS:
            values |= dict(parser.items(section)) if parser.has_section(section) else {}
    for name in ("index-url", "extra-index-url", "trusted-host"):
        variable = "PIP_" + name.upper().replace("-", "_")
        values |= {name: os.environ[variable]} if os.environ.get(variable) else {}
    usable = {
        name: " ".join(_reachable(values.get(name, ""))) for name in ("index-url", "extra-index-url", "trusted-host")
    }
    lines = [f"{name} = {value}" for name, value in usable.items() if value]
    return "\n".join(["[global]", f"cert = {CERTIFICATES}", *lines, ""])


def _pip_files() -> Iterator[Path]:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    yield from (SYSTEM / "xdg/pip/pip.conf", SYSTEM / "pip.conf")
    yield from (Path("~/.pip/pip.conf").expanduser(), config / "pip" / "pip.conf")
    if named := os.environ.get("PIP_CONFIG_FILE"):
        yield Path(named)


def _reachable(urls: str) -> list[str]:
    """Folders of this machine are not there in a build."""
    return [url for url in urls.split() if not url.startswith(("file:", "/"))]


def npmrc() -> str:
    """npm's files: the system's, then the user's. Paths are this machine's, but for the certificates."""
    lines = []
    for path in (SYSTEM / "npmrc", Path("~/.npmrc").expanduser()):
        text = path.read_text() if path.is_file() else ""
        lines += [line for line in text.splitlines() if _npm_line(line)]
    for name, value in os.environ.items():
        if name.lower() == "npm_config_registry":
            lines.append(f"registry={value}")
    return "\n".join([*lines, f"cafile={CERTIFICATES}", ""])


def _npm_line(line: str) -> bool:
    """Registries and what they want to know of who asks."""
    name = line.partition("=")[0].strip()
    return name in ("registry", "strict-ssl") or name.endswith(":registry") or name.startswith("//")


def go_env(environment: Mapping[str, str]) -> str:
    path = Path("~/.config/go/env").expanduser()
    own = path.read_text() if path.is_file() else ""
    return own + "".join(f"{name}={environment[name]}\n" for name in GO_NAMES if environment.get(name))


def bundle() -> str:
    path = Path("~/.bundle/config").expanduser()
    return path.read_text() if path.is_file() else "---\n"
