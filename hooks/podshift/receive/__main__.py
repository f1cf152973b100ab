"""Started by the stubs in a repository's hooks: `python -m podshift.receive HOOK`."""

import sys

from podshift.receive import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
