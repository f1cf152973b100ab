"""A commit as recognise.Tree wants it: names, and short texts."""

from dataclasses import dataclass

from podshift.errors import PodshiftError
from podshift.recognise.tree import LARGEST
from podshift.source.commit import Commit


@dataclass(frozen=True, slots=True)
class CommitTree:
    """A commit's folder `top`. Links are not followed: in a commit they are texts."""

    commit: Commit
    top: str = "."

    def names(self, folder: str = ".") -> frozenset[str]:
        return frozenset(self.commit.names(f"{self.top}/{folder}"))

    def text(self, path: str) -> str | None:
        try:
            text = self.commit.text(f"{self.top}/{path}", LARGEST)
        except PodshiftError:
            return None
        return None if text is None else text.removeprefix("\ufeff").replace("\r\n", "\n")
