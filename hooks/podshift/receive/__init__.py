"""What git runs when somebody pushes: ref updates in, deploys out. Started by the stubs in a repository's hooks.

pre-receive refuses early, proc-receive is the gate, post-receive deploys what came through it undeployed.
"""

import sys
from pathlib import Path

from podshift.errors import PodshiftError
from podshift.receive.push import say
from podshift.settings import Home


def main(hook: str) -> int:
    """Run a hook in the repository that git stands in; the exit code that git should see."""
    repository = Path.cwd().resolve()
    home, app = Home(repository.parents[1]), repository.stem
    try:
        if hook == "proc-receive":
            from podshift.receive.gate import proc_receive

            return proc_receive(home, app)
        lines = sys.stdin.read()  # all of it first: git must not find a closed pipe
        from podshift.receive.hooks import post_receive, pre_receive

        return (pre_receive if hook == "pre-receive" else post_receive)(home, app, lines)
    except PodshiftError as error:
        say(*error.lines())
        return 1
