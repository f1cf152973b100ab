"""Apps come and go: repository, network, backend, route."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from podshift.deploy.domains import check_domain, refuse_taken_domains
from podshift.deploy.installation import Installation
from podshift.deploy.networks import create_app_network
from podshift.deploy.proxy import attach, detach, ensure_proxy, forget_app, synchronise_maps
from podshift.deploy.prune import own_images
from podshift.deploy.queue import queued
from podshift.errors import PodshiftError
from podshift.lock import exclusive
from podshift.manifest import app_path
from podshift.model import check_app_name
from podshift.proxy import backend_name, own_host
from podshift.records import App
from podshift.report import Log
from podshift.settings import make_private, shipped
from podshift.source import check_origin, create_repository

HOOKS = ("pre-receive", "proc-receive", "post-receive")
INTERPRETER = "@PYTHON@"


def create_app(
    installation: Installation, name: str, *, domains: tuple[str, ...], branch: str, gate: bool, log: Log,
    path: str = "", origin: str = "", object_format: str = "sha1",
) -> App:  # fmt: skip
    """Make everything that a push needs. What fails takes away again what was made."""
    check_app_name(name)
    path, origin = app_path(path), check_origin(origin)
    domains = tuple(check_domain(domain) for domain in domains)
    ensure_proxy(installation, log)
    with exclusive(installation.home.apps_lock):
        _refuse_taken(installation, name, domains)
        make_private(installation.home.app_folder(name) / "logs")
        try:
            backend = installation.records.free_backend(installation.settings.backends)
            subnet = create_app_network(installation, name)
            attach(installation, name, subnet)
            make_repository(installation, name, branch, object_format)
            with installation.records.transaction():
                installation.records.add_app(
                    name, branch=branch, gate=gate, backend=backend, subnet=subnet,
                    path=path, origin=origin, object_format=object_format,
                )  # fmt: skip
                for domain in dict.fromkeys(domains):
                    installation.records.add_domain(name, domain)
        except BaseException:
            _clean_up(installation, name)
            raise
    installation.write_proxy_files()
    synchronise_maps(installation)
    return installation.app(name)


def make_repository(installation: Installation, name: str, branch: str, object_format: str) -> None:
    """The bare repository and its hooks: static stubs that name the interpreter they were made with."""
    path = installation.home.repository(name)
    make_private(path.parent)
    repository = create_repository(path, branch, object_format)
    write_hooks(path)
    repository.read("config", "receive.procReceiveRefs", "refs/heads/")


def write_hooks(repository: Path) -> None:
    (repository / "hooks").mkdir(exist_ok=True)
    for hook in HOOKS:
        target = repository / "hooks" / hook
        target.write_text(hook_text(hook))
        target.chmod(0o755)


def hook_text(hook: str) -> str:
    return shipped("hooks", hook).read_text().replace(INTERPRETER, shlex.quote(sys.executable))


def destroy_app(installation: Installation, name: str, log: Log) -> None:
    """Take away everything of an app: route, containers, images, network, repository, records."""
    app = installation.app(name)
    with queued(installation, app, log, what="destroy", who=""):
        ensure_proxy(installation, log)
        with installation.records.transaction():
            installation.records.remove_app(name)
        installation.write_proxy_files()
        synchronise_maps(installation)
        forget_app(installation, backend_name(app))
        _clean_up(installation, name)


def _clean_up(installation: Installation, name: str) -> None:
    engine, network = installation.engine, installation.network(name)
    engine.remove([one.name for one in engine.containers(home=installation.label, app=name)], 10)
    engine.remove_images(image.name for image in own_images(installation, name))
    if engine.network_label(network, "podshift.home") == installation.label:
        detach(installation, name)
        engine.remove_network(network)
    shutil.rmtree(installation.home.repository(name), ignore_errors=True)
    shutil.rmtree(installation.home.app_folder(name), ignore_errors=True)


def _refuse_taken(installation: Installation, name: str, domains: tuple[str, ...]) -> None:
    if any(app.name == name for app in installation.records.apps()):
        raise PodshiftError(f"there is an app {name} already", hint=f"podshift status {name}")
    refuse_taken_domains(installation, name, (own_host(name), *domains))
    owner_home = installation.engine.network_label(installation.network(name), "podshift.home")
    if owner_home not in (None, installation.label):
        raise PodshiftError(
            f"this engine has a network {installation.network(name)} already, of {owner_home or 'somebody else'}",
            hint="choose another name: installations on one engine share its names",
        )


def remote_url(installation: Installation, name: str) -> str:
    """The line for `git remote add`, over SSH: user, this machine's name, path."""
    user = os.environ.get("USER") or Path.home().name
    return f"ssh://{user}@{os.uname().nodename}{installation.home.repository(name)}"
