"""Started by sshd, as the line of a key in authorized_keys says: `python -m podshift.access HOME FINGERPRINT`.

Every push waits for these imports, so git's way has only its own.
"""

import os
import sys
from pathlib import Path

from podshift.access.commandline import GitRequest, read_request
from podshift.access.environment import cleaned
from podshift.errors import PodshiftError, no_room
from podshift.records import Key, Records
from podshift.settings import Home


def main(home: Home, fingerprint: str) -> int:
    """The exit code for the client. What it asked for is in SSH_ORIGINAL_COMMAND, see sshd(8)."""
    asked = os.environ.get("SSH_ORIGINAL_COMMAND")
    environment = cleaned(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        return answer(home, fingerprint, asked)
    except PodshiftError as error:
        return _say(error, 1)
    except Exception as error:
        if known := no_room(error):
            return _say(known, 1)
        from podshift.deploy.release.background import as_bug

        return _say(as_bug(home, error), 3)


def answer(home: Home, fingerprint: str, asked: str | None) -> int:
    """Do what is asked for, on behalf of the key. Does not return where git takes over."""
    key = find_key(home, fingerprint)
    os.environ |= {"PODSHIFT_HOME": str(home.path), "PODSHIFT_KEY": key.name}
    request = read_request(asked)
    if isinstance(request, GitRequest):
        from podshift.access.git import serve

        serve(home, key, request)
    from podshift.access.commands import run

    return run(key, request)


def _say(error: PodshiftError, code: int) -> int:
    print(*error.lines(), sep="\n", file=sys.stderr)
    return code


def find_key(home: Home, fingerprint: str) -> Key:
    """The records decide, at every call, and not what was once written into authorized_keys."""
    if not home.database.exists():
        raise PodshiftError(f"there is no installation in {home.path} any more", hint="ask whoever keeps this server")
    records = Records(home.database)
    try:
        found = next((key for key in records.all_keys() if key.fingerprint == fingerprint), None)
    finally:
        records.close()
    if found is None:
        raise PodshiftError("this key may come in no more", hint="ask an admin for: podshift keys add")
    return found


if __name__ == "__main__":
    sys.exit(main(Home(Path(sys.argv[1])), sys.argv[2]))
