"""The one expected error: something a person can cause, and can mend."""

import errno


class PodshiftError(Exception):
    """What went wrong, in one sentence, and what to type next.

    `details` are further lines (the last lines of a container, every error of a manifest), shown as they are.
    """

    def __init__(self, message: str, *, hint: str = "", details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def lines(self) -> list[str]:
        """The error as a person reads it; git's client colours the `error:` and `hint:` words."""
        lines = [*(f"  {line}" for line in self.details), f"error: {self.message}"]
        return [*lines, f"hint: {self.hint}"] if self.hint else lines


class Superseded(PodshiftError):  # noqa: N818 - likewise
    """A newer push came in before this one's turn."""


class Cancelled(PodshiftError):  # noqa: N818 - it is what happened, and no fault
    """Somebody asked for the deploy to stop before it went live."""


def no_room(error: BaseException) -> PodshiftError | None:
    """A full disk, as it comes from wherever something is written; None for anything else."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    where = f", writing {error.filename}" if error.filename else ""
    return PodshiftError(f"the server's disk is full{where}", hint="on the server: df -h; podshift prune")


def said_of(error: BaseException) -> str:
    """One line for the records; of a bug its kind alone, for its own words may hold a secret value."""
    known = error if isinstance(error, PodshiftError) else no_room(error)
    return known.message if known else type(error).__name__
