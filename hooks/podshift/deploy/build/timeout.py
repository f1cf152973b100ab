"""How long a build may take: what podshift.toml says, within what the server allows."""

from collections.abc import Iterator
from contextlib import contextmanager

from podshift.errors import PodshiftError
from podshift.model import Build
from podshift.report import duration
from podshift.settings import Settings


def check_timeout(build: Build, settings: Settings) -> None:
    """Raises PodshiftError for a time-out above the server's."""
    if build.timeout is not None and build.timeout > settings.build_seconds:
        raise PodshiftError(
            f"build.timeout is {duration(build.timeout)}, and a build on this server may take "
            f"{duration(settings.build_seconds)} at most",
            hint="lower it in podshift.toml; on the server, build_seconds in settings.toml is the most",
        )


@contextmanager
def in_time(build: Build, settings: Settings) -> Iterator[None]:
    """Raises PodshiftError before a block with too long a time-out, and for one that took too long."""
    from podshift.engine import TimedOut  # a push that is refused does without the engine

    check_timeout(build, settings)
    try:
        yield
    except TimedOut:
        own = build.timeout is not None
        raise PodshiftError(
            f"the build was ended after {duration(build.timeout or settings.build_seconds)}",
            hint=f"{'[build] timeout in podshift.toml' if own else 'build_seconds in settings.toml'} is the limit",
        ) from None
