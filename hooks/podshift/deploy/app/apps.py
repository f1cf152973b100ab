"""Apps come and go: repository, network, backend, route."""

import getpass
import os
import shlex
import shutil
import sys
from pathlib import Path

from podshift.deploy.app.domains import check_domain, refuse_taken_domains
from podshift.deploy.installation import Installation
from podshift.deploy.keys.claim import refuse_left_behind
from podshift.deploy.networks import create_app_network, create_start_network, refuse_taken_network
from podshift.deploy.proxy import attach, detach, ensure_proxy, forget_app, synchronise_maps
from podshift.deploy.prune import own_images
from podshift.deploy.queue import queued
from podshift.errors import PodshiftError
from podshift.lock import exclusive
from podshift.manifest import app_path
from podshift.model import check_app_name
from podshift.proxy import backend_name, own_host
from podshift.records import ALIAS, HAPROXY, App, NewApp
from podshift.report import Log
from podshift.settings import make_private, shipped
from podshift.source import check_origin, create_repository, limit_input

HOOKS = ("pre-receive", "proc-receive", "post-receive")
INTERPRETER, RECEIVE = "@PYTHON@", "@RECEIVE@"
RECEIVE_PATH = Path(__file__).parents[2] / "receive" / "__main__.py"


def create_app(installation: Installation, wanted: NewApp, log: Log, *, owner: str | None = None) -> App:
    """Make everything that a push needs. What fails takes away again what was made.

    `owner` is the fingerprint of the key that asked for it and gets the right to use it, where that is needed.
    """
    new = _checked(installation, wanted)
    ensure_proxy(installation, log)
    with exclusive(installation.home.apps_lock):
        _refuse_taken(installation, new.name, new.domains)
        if owner:
            refuse_left_behind(installation, new.name)
        make_private(installation.home.app_folder(new.name) / "logs")
        try:
            _make(installation, new, owner)
        except BaseException:
            _clean_up(installation, new.name)
            raise
    installation.write_proxy_files()
    synchronise_maps(installation)
    return installation.app(new.name)


def _make(installation: Installation, new: NewApp, owner: str | None) -> None:
    # A proxy that is made anew meanwhile would not be on a network that no record tells of yet.
    with exclusive(installation.home.proxy_start_lock):
        backend, subnet = _make_route(installation, new)
        make_repository(installation, new.name, new.branch, new.object_format)
        with installation.records.transaction():
            installation.records.add_app(new, backend=backend, subnet=subnet)
            for domain in new.domains:
                installation.records.add_domain(new.name, domain)
            if owner:
                installation.records.grant_app(owner, new.name)


def _checked(installation: Installation, new: NewApp) -> NewApp:
    check_app_name(new.name)
    if new.proxy == HAPROXY and not installation.settings.has_proxy:
        raise PodshiftError("this installation has no proxy", hint=f"podshift create {new.name} --proxy alias")
    if new.proxy == ALIAS and new.domains:
        raise PodshiftError(
            "which hosts lead to an app that is found by its alias is your own proxy's to say",
            hint="leave out --domain",
        )
    domains = tuple(dict.fromkeys(check_domain(domain) for domain in new.domains))
    return new._replace(domains=domains, path=app_path(new.path), origin=check_origin(new.origin))


def _make_route(installation: Installation, new: NewApp) -> tuple[int, str]:
    """The app's network, and who leads requests to it: the number of its backend in the proxy, and the subnet."""
    records = installation.records
    if new.proxy == ALIAS:
        create_start_network(installation, new.name)
        return records.no_backend(), create_app_network(installation, new.name)
    backend = records.free_backend(installation.settings.backends)
    subnet = create_app_network(installation, new.name)
    attach(installation, new.name, subnet)
    return backend, subnet


def make_repository(installation: Installation, name: str, branch: str, object_format: str) -> None:
    """The bare repository and its hooks: static stubs that name the interpreter they were made with."""
    path = installation.home.repository(name)
    make_private(path.parent)
    repository = create_repository(path, branch, object_format)
    write_hooks(path)
    repository.read("config", "receive.procReceiveRefs", "refs/heads/")
    limit_input(repository, installation.settings.max_push_mb)


def write_hooks(repository: Path) -> None:
    (repository / "hooks").mkdir(exist_ok=True)
    for hook in HOOKS:
        target = repository / "hooks" / hook
        target.write_text(hook_text(hook))
        target.chmod(0o755)


def hook_text(hook: str) -> str:
    text = shipped("hooks", hook).read_text()
    return text.replace(INTERPRETER, shlex.quote(sys.executable)).replace(RECEIVE, shlex.quote(str(RECEIVE_PATH)))


def is_left_behind(installation: Installation, name: str) -> bool:
    """Whether the destruction of an app that the records have forgotten did not come to its end."""
    known = any(app.name == name for app in installation.records.apps())
    return not known and installation.home.app_folder(check_app_name(name)).exists()


def destroy_app(installation: Installation, name: str, log: Log) -> None:
    """Take away everything of an app: route, containers, images, network, repository, records.

    What breaks off on the way can be done again: the app's folder goes last.
    """
    with exclusive(installation.home.apps_lock):  # else it may be one that is just being made
        if is_left_behind(installation, name):
            _clean_up(installation, name)
            return
    app = installation.app(name)
    for other in installation.records.apps():
        if name in other.links:
            log.warning(f"{other.name} has a link to it, which leads nowhere from now on")
    with queued(installation, app, log, what="destroy", who=""):
        ensure_proxy(installation, log)
        with installation.records.transaction():
            installation.records.remove_app(name)
        installation.write_proxy_files()
        synchronise_maps(installation)
        if not app.by_alias:
            forget_app(installation, backend_name(app))
        try:
            _clean_up(installation, name)
        except PodshiftError as error:
            error.hint = f"podshift destroy {name} goes on where it broke off"
            raise


def destroy_unserved(installation: Installation, app: App, log: Log) -> None:
    """An app of an installation that is being taken away: its proxy is gone already."""
    with queued(installation, app, log, what="destroy", who=""):
        with installation.records.transaction():
            installation.records.remove_app(app.name)
        _clean_up(installation, app.name)


def _clean_up(installation: Installation, name: str) -> None:
    engine, network = installation.engine, installation.network(name)
    engine.keep_isolated()
    engine.remove([one.name for one in engine.containers(home=installation.label, app=name)], 10)
    engine.remove_images(image.name for image in own_images(installation, name))
    if engine.network_label(network, "podshift.home") == installation.label:
        if installation.settings.has_proxy:
            detach(installation, name)
        engine.clear_network(network)
        engine.remove_network(network)
    for other in engine.networks(home=installation.label, app=name):
        engine.clear_network(other)
        engine.remove_network(other)
    shutil.rmtree(installation.home.repository(name), ignore_errors=True)
    folder = installation.home.app_folder(name)
    shutil.rmtree(folder, ignore_errors=True)
    if installation.settings.rootless and folder.exists():  # build caches have files of a rootless container's users
        engine.remove_folder(folder)


def _refuse_taken(installation: Installation, name: str, domains: tuple[str, ...]) -> None:
    if any(app.name == name for app in installation.records.apps()):
        raise PodshiftError(f"there is an app {name} already", hint=f"podshift status {name}")
    refuse_taken_domains(installation, name, (own_host(name), *domains))
    network, home = installation.network(name), installation.home
    if network in (home.edge_name, home.proxy_name, home.proxy_network):
        raise PodshiftError(f"{network} is a name of podshift's own", hint="choose another name")
    refuse_taken_network(installation, name, "choose another name: installations on one engine share its names")


def short_remote(name: str) -> str:
    """What git takes as a remote from whoever has a key of podshift's; every other way in needs the whole path."""
    return f"{_account()}:{name}"


def remote_url(installation: Installation, name: str) -> str:
    """The line for `git remote add`, over SSH: user, this machine's name, path."""
    return f"ssh://{_account()}{installation.home.repository(name)}"


def _account() -> str:
    return f"{getpass.getuser()}@{os.uname().nodename}"
