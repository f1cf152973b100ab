"""Whether a commit may reach the apps that it wants to. Every push asks, so nothing heavy is imported here."""

from podshift.errors import PodshiftError
from podshift.model import Manifest
from podshift.records import App


def refuse_ungranted(app: App, manifest: Manifest) -> None:
    """Raises PodshiftError when a commit wants to reach an app to which there is no link."""
    if missing := [other for other in manifest.links if other not in app.links]:
        raise PodshiftError(
            f"podshift.toml wants a link to {', '.join(missing)}, which {app.name} was not granted",
            hint=f"on the server: podshift allow {app.name} {' '.join(f'link:{other}' for other in missing)}",
        )
