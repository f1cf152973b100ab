"""What `podshift init` found out about its server, and what the operator wants: `settings.toml`."""

import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from podshift.errors import PodshiftError
from podshift.model import Edge
from podshift.settings.contract import BASE_IMAGES, NOWHERE, faults
from podshift.settings.home import Home, unusable, write_private


class Settings(NamedTuple):
    """The server's settings, as `settings.toml` holds them.

    `engine_options` go before the engine's verb, `run_options` after `run`; `reasons` say why each is there.
    `runtime_folder` is the XDG_RUNTIME_DIR that a rootless engine had, empty for root's; `storage` where the engine
    keeps images. A push is refused with less than `min_free_mb` of disk, and doctor warns below `warn_free_mb`.
    Where the network alias alone leads to an app, its old containers stop `settle_seconds` after the new have it.
    A push may bring `max_push_mb`.
    An engine command that takes longer than `engine_seconds`, a build `build_seconds`, is ended and has failed.
    `edge` None: there is no HTTPS edge.
    A build may have `build_memory` ("2g"; empty: no limit), and `parallel_builds` may go on at once.
    `base_images` are the operator's own, by the names of BASE_IMAGES; with `package_index` "host" builds get this
    machine's configuration of package managers.
    """

    engine: str = "podman"
    engine_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    runtime_folder: str = ""
    listen: str = "0.0.0.0:8080"
    proxy_image: str = ""
    backends: int = 64
    keep_images: int = 5
    storage: str = ""
    min_free_mb: int = 1024
    warn_free_mb: int = 5120
    engine_seconds: int = 120
    build_seconds: int = 3600
    edge: Edge | None = None
    settle_seconds: int = 5
    build_memory: str = ""
    parallel_builds: int = 2
    base_images: Mapping[str, str] = MappingProxyType({})
    package_index: str = "none"
    max_push_mb: int = 1024

    @property
    def bases(self) -> dict[str, str]:
        """Every base image, with the operator's own before podshift's."""
        return {**BASE_IMAGES, **self.base_images}

    @property
    def rootless(self) -> bool:
        return bool(self.runtime_folder)

    @property
    def has_proxy(self) -> bool:
        """Without one every app is found by its network alias alone."""
        return self.listen != NOWHERE


def load_settings(home: Home) -> Settings:
    """The installation's settings. Raises PodshiftError before `podshift init`, and as saved_settings() does."""
    settings = saved_settings(home)
    if settings is None:
        raise PodshiftError(f"there is no installation in {home.path}", hint="podshift init")
    return settings


def saved_settings(home: Home) -> Settings | None:
    """None before `podshift init`. Raises PodshiftError for another user's, and for what is wrong in the file.

    Whatever is done begins with this, so here it is found out that somebody came as the wrong user.
    """
    try:
        values = tomllib.loads(home.settings_file.read_text())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(home, error) from None
    except ValueError as error:  # of TOML, and of UTF-8
        raise PodshiftError(f"{home.settings_file} cannot be read: {error}", hint="mend that line") from None
    if found := faults(values):
        hint = "mend that line" if len(found) == 1 else "mend these lines"
        raise PodshiftError(f"{home.settings_file}: {'; '.join(found)}", hint=hint)
    if "edge" in values:
        values["edge"] = Edge(**values["edge"])
    return Settings(**{key: _frozen(value) for key, value in values.items()})


def save_settings(home: Home, settings: Settings) -> None:
    import tomli_w  # only init writes settings

    values = settings._asdict()
    if settings.edge:
        values["edge"] = settings.edge._asdict()
    else:
        del values["edge"]
    if not settings.base_images:
        del values["base_images"]  # an empty table at the end would take in what somebody adds below
    write_private(home.settings_file, tomli_w.dumps(values))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
