"""Started by the stubs in a repository's hooks: `python -m podshift.receive HOOK`, in the repository."""

import os
import sys
from pathlib import Path


def main(hook: str) -> int:
    """The exit code that git should see. Every push waits for these imports, so each hook has only its own."""
    if hook == "proc-receive":
        from podshift.receive.gate import proc_receive

        return proc_receive(Path.cwd())
    lines = sys.stdin.read()  # all of it first: git must not find a closed pipe
    from podshift.errors import PodshiftError
    from podshift.receive.hooks import post_receive, pre_receive
    from podshift.receive.push import say
    from podshift.settings import Home

    repository = Path.cwd().resolve()
    home, app = Home(repository.parents[1]), repository.stem
    try:
        return (pre_receive if hook == "pre-receive" else post_receive)(home, app, lines)
    except PodshiftError as error:
        say(*error.lines())
        return 1


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(code)  # taking an interpreter down in order takes 10 ms, and nothing here needs it
