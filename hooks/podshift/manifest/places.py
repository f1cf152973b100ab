"""Where the files of an app are in its repository: at the top, or in the folder that the operator named."""

from posixpath import dirname, join, normpath
from typing import NamedTuple

from podshift.errors import PodshiftError
from podshift.manifest.paths import path_inside
from podshift.manifest.shown import shown
from podshift.model import Build

CONTAINERFILES = ("Containerfile", "Dockerfile")


class Places(NamedTuple):
    """Paths from the repository's top, which may still be, or lead through, links. The first containerfile that is
    there counts."""

    context: str
    containerfiles: tuple[str, ...]

    @property
    def recognisable(self) -> bool:
        """Whether podshift may look what kind of app it is: where nobody names a file, and the app is what is built."""
        return len(self.containerfiles) > 1 and (dirname(self.containerfiles[0]) or ".") == self.context

    @property
    def listed(self) -> str:
        return " or ".join(self.containerfiles)

    def missing(self, commit: str) -> PodshiftError:
        return PodshiftError(
            f"there is no {self.listed} in commit {commit[:7]}", hint="add one, commit it, and push again"
        )  # fmt: skip


def app_path(text: str) -> str:
    """The folder of an app, normalised; empty for the repository's top. Raises PodshiftError."""
    try:
        path = path_inside(text or ".")
    except ValueError as error:
        raise PodshiftError(f"the path {error}", hint="such as services/api") from None
    return "" if path == "." else path


def at(path: str, name: str) -> str:
    """A file of the app that is in the folder `path`."""
    return join(path, name)


def places(path: str, build: Build) -> Places:
    """What is built, for an app in the folder `path`. A context may be above that, but not above the repository.

    Where it is, the Containerfile is still looked for beside podshift.toml. Raises PodshiftError.
    """
    context = normpath(join(path, build.context))
    if context == ".." or context.startswith("../"):
        where = f"from {path}" if path else "here"
        raise PodshiftError(
            f"build.context: must be inside the repository, and {where} {shown(build.context)} is not",
            hint="correct podshift.toml, commit, and push again",
        )
    if build.containerfile:
        return Places(context, (at(path, build.containerfile),))
    folder = path if build.context.startswith("..") else context
    return Places(context, tuple(normpath(join(folder, name)) for name in CONTAINERFILES))
