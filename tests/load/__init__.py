"""A strict load: clients that never retry, so that every request which a deploy loses is counted."""

from load.result import Failure, Result, Seen
from load.run import Load
from load.tally import Tally

__all__ = ["Failure", "Load", "Result", "Seen", "Tally"]
