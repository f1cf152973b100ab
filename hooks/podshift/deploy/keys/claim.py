"""A name that is free may not be free for everybody: what an earlier app of this name had waits for its next one."""

from podshift.deploy.installation import Installation
from podshift.errors import PodshiftError


def refuse_left_behind(installation: Installation, name: str) -> None:
    """Raises PodshiftError where whoever takes the name would get an earlier app's data, or the operator's template."""
    left = installation.engine.volumes(home=installation.label, app=name)
    template = installation.home.templates / name
    if template.exists():
        left.append(f"templates/{name}")
    if left:
        raise PodshiftError(
            f"an earlier app {name} has left {', '.join(left)}, which are not for everybody",
            hint=f"choose another name, or ask an admin for: podshift create {name}",
        )
