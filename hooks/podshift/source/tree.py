"""A commit as recognise.Tree wants it: names, and short texts."""

from dataclasses import dataclass

from podshift.errors import PodshiftError
from podshift.recognise.tree import LARGEST
from podshift.source.repository import Repository


@dataclass(frozen=True, slots=True)
class CommitTree:
    """A commit's folder `top`. Links are not followed: in a commit they are texts."""

    repository: Repository
    commit: str
    top: str = "."

    def names(self, folder: str = ".") -> frozenset[str]:
        return frozenset(self.repository.list_folder(self.commit, f"{self.top}/{folder}"))

    def text(self, path: str) -> str | None:
        try:
            text = self.repository.read_text(self.commit, f"{self.top}/{path}", LARGEST)
        except PodshiftError:
            return None
        return None if text is None else text.removeprefix("\ufeff").replace("\r\n", "\n")
