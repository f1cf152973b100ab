"""Images of releases that nobody will go back to."""

from podshift.deploy.installation import Installation
from podshift.model import State
from podshift.records import App

REPOSITORY = "localhost/podshift/{app}"


def prune_images(installation: Installation, app: App) -> list[str]:
    """Keep the live release's image and the newest ones (`keep_images`, 5); give back the tags taken away.

    Only tags of this app's own image name are looked at.
    """
    releases = installation.records.releases(app.name)
    usable = [release for release in releases if release.state in (State.LIVE, State.RETIRED)]
    newest = list(dict.fromkeys(release.image for release in usable))[: installation.settings.keep_images]
    keep = {
        *newest,
        *(release.image for release in releases if release.state in (State.LIVE, State.BUILDING)),
    }
    tags = installation.engine.image_tags(REPOSITORY.format(app=app.name))
    gone = [tag for tag in tags if tag not in keep]
    installation.engine.remove_images(gone)
    return gone
