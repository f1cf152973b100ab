"""The rotation: a pure planner that knows the overlap rule, and an applier that performs and undoes steps."""

from podshift.rotate.apply import Rotation
from podshift.rotate.drain import drain
from podshift.rotate.plan import plan_rotation, plan_stop
from podshift.rotate.steps import AwaitReady, Canary, Commit, Drain, New, Remove, Start, Step, Stop, Switch, Watch

__all__ = [
    "AwaitReady",
    "Canary",
    "Commit",
    "Drain",
    "New",
    "Remove",
    "Rotation",
    "Start",
    "Step",
    "Stop",
    "Switch",
    "Watch",
    "drain",
    "plan_rotation",
    "plan_stop",
]
