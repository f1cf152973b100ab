"""Whether a commit may reach the apps that it wants to. Every push asks, so nothing heavy is imported here."""

from collections.abc import Callable, Collection

from podshift.errors import PodshiftError
from podshift.model import Manifest
from podshift.records import App


def refuse_ungranted(app: App, manifest: Manifest, names: Callable[[], Collection[str]]) -> None:
    """Raises PodshiftError when a commit wants to reach an app to which there is no link.

    `names` gives those of all apps; it is asked only where that decides what to say.
    """
    if missing := [other for other in manifest.links if other not in app.links]:
        if app.name in missing:
            raise PodshiftError(
                f"podshift.toml wants a link to {app.name}, which is the app itself",
                hint="take it out of links: an app reaches itself anyway",
            )
        known = names()
        if unknown := [other for other in missing if other not in known]:
            raise PodshiftError(
                f"podshift.toml wants a link to {', '.join(unknown)}, and there is no such app",
                hint="correct links in podshift.toml; or have that app made first, with podshift create",
            )
        raise PodshiftError(
            f"podshift.toml wants a link to {', '.join(missing)}, which {app.name} was not granted",
            hint=f"on the server: podshift allow {app.name} {' '.join(f'link:{other}' for other in missing)}",
        )
