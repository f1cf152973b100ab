"""What the records hold, as frozen values."""

from typing import NamedTuple

from podshift.model import State

HAPROXY, ALIAS = "haproxy", "alias"


class NewApp(NamedTuple):
    """What an app is to be made with; App says what it means."""

    name: str
    branch: str = "main"
    gate: bool = False
    domains: tuple[str, ...] = ()
    path: str = ""
    origin: str = ""
    object_format: str = "sha1"
    proxy: str = HAPROXY
    origin_trusted: bool = False


class App(NamedTuple):
    """`backend` is the number of its ready-made backend in the proxy; `live` its live release, if any.

    `maintenance` is what the page says that stands before the app; None: there is none. `path` is the folder of the
    repository that the app is in (empty: its top), `origin` the URL that the repository has elsewhere, if it is known.
    `redirect`: the HTTPS edge sends http requests to https. `hsts`: seconds for which browsers shall ask by https
    alone; None: nothing is said of it.
    `origin_trusted`: an operator gave it, on the server or with an admin's key.
    `proxy`: who leads requests to it, the installation's HAProxy, or whoever finds it by its network alias.
    `links` are the apps that the operator lets it reach.
    """

    name: str
    branch: str
    gate: bool
    backend: int
    subnet: str
    created: float
    live: int | None
    domains: tuple[str, ...] = ()
    maintenance: str | None = None
    path: str = ""
    origin: str = ""
    object_format: str = "sha1"
    redirect: bool = True
    hsts: int | None = None
    proxy: str = HAPROXY
    links: tuple[str, ...] = ()
    origin_trusted: bool = False

    @property
    def by_alias(self) -> bool:
        return self.proxy == ALIAS

    @property
    def trusted(self) -> str:
        """The origin, where its host may be asked whatever its address is; else empty."""
        return self.origin if self.origin_trusted else ""


class Release(NamedTuple):
    """A numbered attempt to run an image. `at` in seconds since the epoch, `seconds` how long it took.

    `branch`, for a push's release: what goes back to the live commit when this one does not go live. `path` is the
    folder of the repository that it was made from; `message` is what whoever deployed it says of it. `manifest`,
    `procfile` and `app_json` are its files' texts; `healthcheck`: its image has one of its own.
    """

    app: str
    number: int
    commit: str
    subject: str
    state: State
    image: str
    manifest: str | None
    procfile: str | None
    port: int
    pushed_by: str
    at: float
    seconds: float | None
    error: str | None
    rollback_of: int | None
    branch: str | None = None
    path: str = ""
    message: str | None = None
    app_json: str | None = None
    healthcheck: bool = False

    @property
    def name(self) -> str:
        return f"v{self.number}"


class Event(NamedTuple):
    """Something that was done to an app. `at` in seconds since the epoch.

    `outcome`: ok, failed, cancelled, superseded or skipped; `release` and `commit` where there is one; `error` what
    went wrong.
    """

    at: float
    app: str
    kind: str
    outcome: str
    by: str
    release: int | None
    commit: str | None
    what: str
    error: str | None


class Key(NamedTuple):
    """A public SSH key that may use this installation, and what it may do there.

    `type` and `blob` are the two words of the key itself, `fingerprint` what `ssh-keygen -l` shows of it. An `admin`
    may do everything that can be done over SSH; the others what concerns their `apps`, and whoever `creates` makes
    further ones of their own. `added` in seconds of the epoch.
    """

    name: str
    type: str
    blob: str
    fingerprint: str
    admin: bool
    creates: bool
    added: float
    apps: tuple[str, ...] = ()

    @property
    def may_create(self) -> bool:
        return self.admin or self.creates

    @property
    def rights(self) -> str:
        """`all apps`, `hello, shop`, `hello, and it may make apps`."""
        if self.admin:
            return "all apps"
        apps = ", ".join(self.apps) or "no app yet"
        return f"{apps}, and it may make apps" if self.creates else apps

    def may_use(self, app: str) -> bool:
        return self.admin or app in self.apps


class Notifier(NamedTuple):
    """A command line or a URL that is told of deploys; `result` of the newest time, `at` in seconds of the epoch."""

    number: int
    target: str
    at: float | None
    result: str | None


class Placed(NamedTuple):
    """A container that should run: its place on the app's network, and how the proxy treats it.

    `hold`: seconds that the proxy lets a request wait while the app has no container that answers.
    """

    name: str
    process: str
    address: str
    port: int
    ready_path: str = "/"
    hold: int = 0

    @property
    def is_web(self) -> bool:
        return self.process == "web"
