"""`init` and `uninstall`: what an installation is made of, and taking all of it away again."""

import errno
import getpass
import http.client
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from podshift.deploy.app.apps import destroy_unserved, write_hooks
from podshift.deploy.checks.answer import http_answer
from podshift.deploy.edge.addresses import collide
from podshift.deploy.edge.container import ensure_edge
from podshift.deploy.edge.image import EDGE_IMAGES
from podshift.deploy.installation import Installation
from podshift.deploy.keys.book import remove_block, renew_block
from podshift.deploy.proxy import outdated, published, start_proxy
from podshift.deploy.server.proxyimage import PROXY_IMAGES, obtain_proxy_image
from podshift.deploy.server.service import remove_service
from podshift.deploy.server.trial import try_container
from podshift.deploy.volumes import settle_volumes
from podshift.engine import (
    Choice,
    choose_engine,
    lingers,
    open_engine,
    reach_engine,
    runtime_folder,
    select_engine,
)
from podshift.errors import PodshiftError
from podshift.report import Log
from podshift.settings import (
    BACKUP_PREFIX,
    Home,
    Settings,
    make_home,
    make_private,
    save_settings,
    saved_settings,
)
from podshift.source import Repository, limit_input

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was given to `podshift init`; None means: as it was, or podshift's choice."""

    engine: str | None = None
    listen: str | None = None
    proxy_image: str | None = None
    backends: int | None = None


def init(home: Home, wanted: Wanted, say: Say) -> Settings:
    """Make an installation, or bring one up to date. Raises PodshiftError with what this machine lacks."""
    _check_path(home)
    make_home(home)
    before = saved_settings(home)
    settings = before or Settings()
    settings = settings._replace(listen=wanted.listen or settings.listen, backends=wanted.backends or settings.backends)
    _refuse_another_engine(before, wanted)
    if before:
        _refuse_too_few_backends(home, settings.backends)
    settings = settings._replace(engine=settings.engine if before else select_engine(wanted.engine))
    reached = reach_engine(settings.engine, settings.engine_options)
    settings = _with_choice(settings._replace(runtime_folder=_runtime_folder(settings)), reached)
    if reached.engine_options:
        open_engine(settings).info()  # a daemon that does not answer is told of before anything else is tried
    if before is None and wanted.listen is None:
        settings = settings._replace(listen=_free_address(settings.engine, say))
    _refuse_the_edge_s(settings)
    if settings.has_proxy:
        _check_address(settings.listen)
    settings = settings._replace(proxy_image=obtain_proxy_image(settings, home, wanted.proxy_image, say))
    choice = choose_engine(lambda choice: _attempt(settings, choice), engine=settings.engine, choice=reached)
    settings = _with_choice(settings, choice)
    settings = settings._replace(storage=open_engine(settings).storage_folder())
    for reason in settings.reasons:
        say(f"engine: {reason}")
    options = " ".join((*settings.engine_options, *settings.run_options)) or "its defaults"
    say(f"engine: {settings.engine} with {options}")
    if settings.engine == "podman" and not lingers():
        say(f"engine: its containers end with your last session; as root: loginctl enable-linger {getpass.getuser()}")
    if before and not settings.has_proxy:
        _refuse_apps_of_the_proxy(home)
    save_settings(home, settings)
    make_private(home.templates)
    with Installation(home) as installation:
        _bring_proxy_up(installation, changed=before != settings, say=say)
        ensure_edge(installation, lambda text: say(f"edge: {text}"))
        for app in installation.records.apps():
            write_hooks(home.repository(app.name))
            limit_input(Repository(home.repository(app.name)), settings.max_push_mb)
        renew_block(installation)
    return settings


def _check_path(home: Home) -> None:
    """The path becomes a mount, a label and a filter to the engine, which split such words at these."""
    if found := set('",:\n') & set(str(home.path)):
        raise PodshiftError(
            f"the path {str(home.path)!r} has {' '.join(map(repr, sorted(found)))} in it",
            hint="no container engine can work with that; give PODSHIFT_HOME another path",
        )


def _refuse_another_engine(before: Settings | None, wanted: Wanted) -> None:
    """Networks, images, volumes and the proxy are the engine's: with another one nothing of them would be there."""
    if before and wanted.engine not in (None, before.engine):
        raise PodshiftError(
            f"this installation works with {before.engine}",
            hint=f"to move it: podshift backup FILE, uninstall, restore FILE --engine {wanted.engine}, up",
        )


def _runtime_folder(settings: Settings) -> str:
    return runtime_folder(settings.runtime_folder) if settings.engine == "podman" else ""


def _free_address(engine: str, say: Say) -> str:
    """Port 80 where this user may have it, else 8080. Docker's daemon is root, and may."""
    for port in (80, 8080):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))  # noqa: S104 - a web server is for everybody
            except OSError as error:
                if engine == "docker" and error.errno == errno.EACCES:
                    return f"0.0.0.0:{port}"
                say(f"listen: not port {port}: {error.strerror}")
            else:
                return f"0.0.0.0:{port}"
    raise PodshiftError("neither port 80 nor 8080 is free", hint="podshift init --listen 127.0.0.1:8081")


def _check_address(listen: str) -> None:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise PodshiftError(
            f"{listen!r} is no address to listen on", hint="such as 0.0.0.0:80 or 127.0.0.1:8080, or none"
        )


def _refuse_the_edge_s(settings: Settings) -> None:
    """The edge has its addresses already, and needs a proxy."""
    edge = settings.edge
    if edge and not settings.has_proxy:
        raise PodshiftError("the HTTPS edge stands before the proxy", hint="podshift edge off")
    if edge and any(collide(settings.listen, address) for address in (edge.http, edge.https)):
        raise PodshiftError(
            f"the HTTPS edge listens on {edge.http} and {edge.https}", hint="podshift init --listen 127.0.0.1:8080"
        )


def _attempt(settings: Settings, choice: Choice) -> None:
    try_container(_with_choice(settings, choice))


def _with_choice(settings: Settings, choice: Choice) -> Settings:
    return settings._replace(
        engine_options=choice.engine_options, run_options=choice.run_options, reasons=choice.reasons
    )


def _bring_proxy_up(installation: Installation, *, changed: bool, say: Say) -> None:
    if not installation.settings.has_proxy:
        installation.engine.remove([installation.home.proxy_name])
        say("proxy: none; apps are found by their network alias")
        return
    name = installation.home.proxy_network
    if installation.engine.network_label(name, "podshift.home") is None:
        installation.engine.create_network(name, {"podshift.home": installation.label})
    if changed or not installation.proxy.reachable() or outdated(installation) or _misplaced(installation):
        start_proxy(installation)
    say(f"proxy: HAProxy listens on {installation.settings.listen}, from {installation.settings.proxy_image}")


def _misplaced(installation: Installation) -> bool:
    """Does the proxy not listen where the settings say? They may have been put back since it was started."""
    listen = installation.settings.listen
    if published(installation) not in (None, listen):
        return True
    try:
        http_answer(listen)
    except (OSError, http.client.HTTPException):
        return True
    return False


def _refuse_too_few_backends(home: Home, backends: int) -> None:
    """The backends of the proxy are numbered, and an app keeps its own."""
    with Installation(home) as installation:
        most = max((app.backend for app in installation.records.apps() if not app.by_alias), default=-1)
    if backends <= most:
        raise PodshiftError(f"an app has backend {most} of the proxy", hint=f"podshift init --backends {most + 1}")


def _refuse_apps_of_the_proxy(home: Home) -> None:
    with Installation(home) as installation:
        needed = [app.name for app in installation.records.apps() if not app.by_alias]
    if needed:
        raise PodshiftError(
            f"the proxy leads requests to {', '.join(needed)}", hint="destroy them first, or choose another --listen"
        )


def uninstall(home: Home, log: Log, *, volumes: bool = False) -> list[Path]:
    """Take away what this installation made; give back what somebody else put into its folder.

    The data volumes of its apps are kept, also of those that were destroyed before, unless `volumes`.
    """
    remove_service(home)
    with Installation(home) as installation:
        _shut_the_door(home, log)
        engine = installation.engine
        engine.remove([one.name for one in engine.containers(home=installation.label) if not one.app])
        for app in installation.records.apps():
            destroy_unserved(installation, app, log)
        engine.remove([one.name for one in engine.containers(home=installation.label)])
        settle_volumes(installation, log, remove=volumes)
        for network in engine.networks(home=installation.label):
            engine.remove_network(network)
        if not engine.networks(isolated="yes"):  # of no other installation either
            engine.end_isolation()
        tags = engine.image_tags(PROXY_IMAGES) + engine.image_tags(EDGE_IMAGES)
        engine.remove_images([tag for tag in tags if tag.endswith(f":{home.identity}")])
    return _remove_folder(home)


def _shut_the_door(home: Home, log: Log) -> None:
    """What cannot be taken out of authorized_keys leads nowhere from now on."""
    try:
        remove_block(home)
    except PodshiftError as error:
        log.warning(f"the keys stay in authorized_keys: {error.message}")


def _remove_folder(home: Home) -> list[Path]:
    own = [home.path / name for name in ("repositories", "apps", "builds", "proxy", "edge", "run", "errors")]
    for folder in (*own, *home.path.glob(f"{BACKUP_PREFIX}*")):
        shutil.rmtree(folder, ignore_errors=True)
    for path in home.path.glob("*"):
        if path.name.startswith("podshift.db") or path.suffix in (".lock", ".toml") or path.stem == "known_hosts":
            path.unlink(missing_ok=True)
    for folder in (home.templates, home.path):
        with suppress(OSError):
            folder.rmdir()
    return sorted(home.path.rglob("*")) if home.path.exists() else []
