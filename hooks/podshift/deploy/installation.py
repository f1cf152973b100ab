"""One installation, opened: its settings, records, engine and proxy, each when it is first needed."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from podshift.deploy.addresses import gateway_address, mac_address
from podshift.lock import exclusive
from podshift.model import DOCKERS_NAMESERVER, State
from podshift.proxy import PreparedFiles, Proxy, Upstreams, prepare_files
from podshift.records import App, Placed, Records, Release
from podshift.settings import Home, load_settings

if TYPE_CHECKING:
    from podshift.engine import Engine

MAXCONN = 4000


class Installation:
    """Everything of one PODSHIFT_HOME. Raises PodshiftError where there is none."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.settings = load_settings(home)
        self.records = Records(home.database)
        self.proxy = Proxy(home.socket_folder)
        self._by_alias: dict[str, Upstreams] = {}

    @cached_property
    def engine(self) -> "Engine":
        from podshift.engine import open_engine  # sh takes its time to import; a refused push does without

        return open_engine(self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.records.close()

    def network(self, app: str) -> str:
        return f"podshift-{app}"

    def start_network(self, app: str) -> str:
        """Where the web containers of an app that is found by its alias start; no app's name has a dot in it."""
        return f"podshift-{app}.start"

    def upstreams(self, app: App) -> Upstreams:
        """Who leads requests to the app's containers."""
        if not app.by_alias:
            return self.proxy
        if app.name not in self._by_alias:
            from podshift.alias.switch import AliasSwitch, Front  # most apps do without

            settle, network = self.settings.settle_seconds, self.network(app.name)
            nameserver = DOCKERS_NAMESERVER if self.settings.engine == "docker" else gateway_address(app.subnet)
            front = Front(self.label, app.name, network, nameserver, settle, mac_address)
            self._by_alias[app.name] = AliasSwitch(self.engine, front)
        return self._by_alias[app.name]

    @property
    def label(self) -> str:
        """What `podshift.home` says on everything that this installation made."""
        return str(self.home.path)

    def go_live(
        self, release: Release, containers: Sequence[Placed], scales: Mapping[str, int | None] = MappingProxyType({})
    ) -> None:  # fmt: skip
        """The commit point: the records and the proxy's files together; `scales` are numbers newly asked for, None
        for what the manifest says.

        All that can fail for want of disk is done before the transaction ends; what remains is a rename.
        """
        with exclusive(self.home.proxy_lock):
            with self.records.transaction():
                self.records.go_live(release, containers)
                for process, replicas in scales.items():
                    self.records.set_scale(release.app, process, replicas)
                if release.state is not State.LIVE:  # else variables may wait for the next release
                    self.records.replace_variables(release.app, self.records.release_variables(release))
                prepared = self._prepare_files()
            prepared.install()

    def turn_back(
        self, release: Release, earlier: Release, containers: Sequence[Placed], variables: Mapping[str, str]
    ) -> None:
        """The way back from go_live(), for a release that was live and did badly."""
        with exclusive(self.home.proxy_lock):
            with self.records.transaction():
                self.records.turn_back(release, earlier, containers)
                self.records.replace_variables(release.app, variables)
                prepared = self._prepare_files()
            prepared.install()

    def write_proxy_files(self) -> None:
        with exclusive(self.home.proxy_lock):
            self._prepare_files().install()

    def _prepare_files(self) -> PreparedFiles:
        if not self.settings.has_proxy:
            return PreparedFiles(())
        return prepare_files(
            self.home,
            backends=self.settings.backends,
            maxconn=MAXCONN,
            apps=[app for app in self.records.apps() if not app.by_alias],
            placed=self.records.containers(),
            https_port=self.https_port,
        )

    @property
    def https_port(self) -> int | None:
        """Where clients reach the HTTPS edge; None: there is none."""
        return self.settings.edge.https_port if self.settings.edge else None

    def app(self, name: str) -> App:
        return self.records.app(name)
