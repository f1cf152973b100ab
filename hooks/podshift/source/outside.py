"""What a commit may need from elsewhere, and by which ways an app may get it."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outside:
    """Of one app: `origin` is the URL of its repository elsewhere (empty: unknown), `trusted` that which an operator
    gave, `kept` a folder for what was fetched before (None: nothing is kept), `key` the private half of its deploy
    key, `known_hosts` the file of what was learnt of other machines. Only what is needed for the folder `within` of
    its repository is fetched, and of a submodule `limit_mb` at once.
    """

    app: str = "APP"
    origin: str = ""
    trusted: str = ""
    kept: Path | None = None
    key: str = field(default="", repr=False)
    known_hosts: Path = Path("/dev/null")
    within: str = "."
    limit_mb: int = 1024

    def needs(self, path: str) -> bool:
        """Whether something at the path is in that folder, or the folder in it."""
        return self.within == "." or f"{path}/".startswith(f"{self.within}/") or self.within.startswith(f"{path}/")
