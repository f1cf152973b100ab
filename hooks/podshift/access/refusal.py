"""One way to say no: who asked, for what, and what they may have."""

from podshift.errors import PodshiftError
from podshift.records import Key


def refused(key: Key, app: str) -> PodshiftError:
    """The same words for an app of others as for one that is not there."""
    return PodshiftError(f"{key.name} may not use {app!r}", hint=f"{key.name} may use: {key.rights}")
