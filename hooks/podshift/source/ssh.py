"""ssh for fetches: with the app's deploy key and nothing else that this user has.

No agent, no key of the user's own and none of their configuration: a pushed repository names the URLs, and must not
reach with the operator's keys what the app was not given.
"""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from podshift.errors import PodshiftError
from podshift.source.outside import Outside

CONFIGURATION = """\
Host *
    BatchMode yes
    ConnectTimeout 15
    ServerAliveInterval 15
    ClearAllForwardings yes
    ForwardAgent no
    IdentityAgent none
    IdentitiesOnly yes
    IdentityFile {key}
    PreferredAuthentications publickey
    StrictHostKeyChecking accept-new
    HashKnownHosts no
    UpdateHostKeys no
    UserKnownHostsFile {known_hosts}
    GlobalKnownHostsFile /dev/null
"""
_SECONDS = 60


@contextmanager
def ssh_command(outside: Outside, scratch: Path) -> Iterator[str]:
    """The shell line that runs ssh for this app; the key is on the disk, in `scratch`, only as long as the block runs.

    The key of a machine is learnt when it is first met, and has to be the same ever after.
    """
    with TemporaryDirectory(prefix="ssh-", dir=scratch) as folder:  # mode 0700
        key = Path(folder) / "key"
        if outside.key:
            key.touch(0o600)
            key.write_text(outside.key)
        configuration = Path(folder) / "config"
        identity = _quoted(key) if outside.key else "none"
        configuration.write_text(CONFIGURATION.format(key=identity, known_hosts=_quoted(outside.known_hosts)))
        yield f"ssh -F {shlex.quote(str(configuration))}"


def _quoted(path: Path) -> str:
    """As ssh_config(5) reads it: `%` begins a token."""
    return '"' + str(path).replace("%", "%%") + '"'


def make_key(comment: str, scratch: Path) -> tuple[str, str]:
    """A new ed25519 key without a passphrase: its private and its public half. Raises PodshiftError."""
    with TemporaryDirectory(prefix="key-", dir=scratch) as folder:
        path = Path(folder) / "key"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise PodshiftError("there is no ssh-keygen here", hint="apt install openssh-client") from None
        except subprocess.CalledProcessError as error:
            raise PodshiftError(f"no key could be made: {error.stderr.decode(errors='replace').strip()}") from None
        return path.read_text(), path.with_suffix(".pub").read_text().strip()
