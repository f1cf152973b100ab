"""Started by the stubs in a repository's hooks, in the repository: `python -I -S …/receive/__main__.py HOOK`.

Every push waits for all that is imported here (tests/unit/test_receive_imports.py counts it), and for what Python
does at its start to find installed packages: -S puts that off until it is known that they are needed.
"""

import gc
import os
import sys


def main(hook: str) -> int:
    """The exit code that git should see."""
    gc.disable()  # imports make much and drop little: looking for it takes a tenth of their time
    if hook == "proc-receive":
        from podshift.receive.gate import proc_receive

        return proc_receive()
    if hook == "post-receive":
        from podshift.receive.standby import hand_over

        if (code := hand_over()) is not None:
            return code
    from podshift.receive import find_packages

    find_packages()
    from podshift.receive.hooks import run

    return run(hook)


if __name__ == "__main__":
    sys.path.append(os.path.abspath(f"{__file__}/../../.."))  # noqa: PTH100 - pathlib takes 4 ms to import
    try:
        code = main(sys.argv[1])
        sys.stdout.flush()
    except KeyboardInterrupt:  # Ctrl-C where repository and checkout are on one machine; the deploy goes on
        code = 130
    os._exit(code)  # taking an interpreter down in order takes 10 ms, and nothing here needs it
