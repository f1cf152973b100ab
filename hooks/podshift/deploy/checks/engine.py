"""The container engine: new enough, and with what podshift needs of it."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from podshift.deploy.checks.finding import Finding, error, fine, warning
from podshift.deploy.server.trial import try_container
from podshift.engine import PACKAGES, open_engine
from podshift.settings import Settings

# podman 4 has the networks that podshift makes, 4.3 is what it is tested with; docker 20.10 has cgroups v2.
OLDEST = {"podman": (4, 3), "docker": (20, 10)}
# Where distributions put what podman itself starts; containers.conf(5), helper_binaries_dir.
HELPERS = ("/usr/local/libexec/podman", "/usr/local/lib/podman", "/usr/libexec/podman", "/usr/lib/podman")
BUILDKIT_PLUGIN = 23
STORAGE_CONF = "~/.config/containers/storage.conf"


def check_engine(settings: Settings) -> Iterator[Finding]:
    """Everything that the engine says of itself, by one question; and whether it runs a container."""
    info = open_engine(settings).info()
    if settings.engine == "podman":
        yield _version("podman", info["version"]["Version"])
        yield _runtime(info["host"])
        yield from _build_memory(settings, info["host"])
        yield _storage(info["store"]["graphDriverName"])
        yield _names(info["host"]["networkBackend"])
        yield _init_process()
    else:
        yield _version("docker", info["ServerVersion"])
        yield fine(
            "runtime", f"{info['DefaultRuntime']}, cgroups {info['CgroupVersion']} made by {info['CgroupDriver']}"
        )
        yield _docker_storage(info["Driver"])
        yield _builder(info["ClientInfo"])
        if settings.build_memory:
            yield warning("builds", "docker's builder cannot limit memory", 'set build_memory = "" in settings.toml')


def check_container(settings: Settings) -> Iterator[Finding]:
    """The proof of it all: a container that runs."""
    try_container(settings)
    why = f" ({'; '.join(settings.reasons)})" if settings.reasons else ""
    options = " ".join((*settings.engine_options, *settings.run_options)) or "the engine's defaults"
    yield fine("container", f"one was run, with {options}{why}")


def _version(engine: str, version: str) -> Finding:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers >= OLDEST[engine]:
        return fine("engine", f"{engine} {version}")
    oldest = ".".join(map(str, OLDEST[engine]))
    fix = f"apt install {PACKAGES.get(engine, engine)}, from Debian 12 or newer"
    return error("engine", f"{engine} {version}, older than {oldest}", fix)


def _runtime(host: dict[str, Any]) -> Finding:
    name, path = host["ociRuntime"]["name"], host["ociRuntime"]["path"]
    found = f"{name}, cgroups {host['cgroupVersion']} made by {host['cgroupManager']}"
    return fine("runtime", found) if Path(path).exists() else error("runtime", f"no {path}", f"apt install {name}")


def _build_memory(settings: Settings, host: dict[str, Any]) -> Iterator[Finding]:
    """A rootless engine can limit memory only in cgroups that were handed over to its user."""
    if not settings.build_memory:
        return
    if settings.rootless and "memory" not in (host.get("cgroupControllers") or ()):
        yield error(
            "builds", f"build_memory is {settings.build_memory}, and this rootless engine cannot limit memory: "
            f"cgroups {host['cgroupVersion']}, none of them handed over to this user",
            'set build_memory = "" in settings.toml; or boot with cgroups v2 and systemd, which hands them over',
        )  # fmt: skip
    else:
        yield fine("builds", f"may use {settings.build_memory} of memory each")


def _storage(driver: str) -> Finding:
    if driver != "vfs":
        return fine("storage", driver)
    where = "/etc/containers/storage.conf" if os.geteuid() == 0 else STORAGE_CONF
    return warning(
        "storage",
        "vfs copies the whole image for each layer and container: slow, and large",
        f"""podman system reset, which removes all images and containers; then put driver = "overlay" """
        f"""under [storage] in {where}; then podshift up""",
    )


def _docker_storage(driver: str) -> Finding:
    if driver != "vfs":
        return fine("storage", driver)
    found = "vfs copies the whole image for each layer and container: slow, and large"
    fix = """put {"storage-driver": "overlay2"} into /etc/docker/daemon.json; systemctl restart docker; podshift up"""
    return warning("storage", found, fix)


def _builder(client: dict[str, Any]) -> Finding:
    """From docker 23 on BuildKit is a plugin; 20.10 has it built in, and does not tell of its version here."""
    version = client.get("Version", "")
    plugins = {plugin["Name"] for plugin in client.get("Plugins") or ()}
    if not version or int(version.partition(".")[0]) < BUILDKIT_PLUGIN or "buildx" in plugins:
        return fine("builder", "BuildKit")
    found = "docker's older builder, which leaves an image without a name for each stage"
    return warning("builder", found, "apt install docker-buildx (or docker-buildx-plugin, of Docker's own packages)")


def _names(backend: str) -> Finding:
    """Containers find each other by the app's name."""
    fix = "apt install netavark aardvark-dns"
    if backend != "netavark":
        conf = "/etc/containers/containers.conf"
        return warning(
            "dns", f"networks by {backend}: no names there",
            f'{fix}; put network_backend = "netavark" under [network] in {conf}; then podman system reset',
        )  # fmt: skip
    if not _helper("aardvark-dns"):
        return warning("dns", "no aardvark-dns: containers do not find an app by its name", fix)
    return fine("dns", "netavark with aardvark-dns")


def _init_process() -> Finding:
    if _helper("catatonit"):
        return fine("init", "catatonit")
    return error("init", "no catatonit: no container starts with --init", "apt install catatonit")


def _helper(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((*HELPERS, os.environ.get("PATH", os.defpath))))
