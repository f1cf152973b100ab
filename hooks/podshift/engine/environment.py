"""How a container's variables reach the engine without being seen, and without steering it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from podshift.engine.memory import MEMORY, private_prefix
from podshift.errors import PodshiftError

# Arguments can be read by everybody on the machine, so values go through a file in memory. It has a line for each, of
# 64 KiB at most, and in podman 4.6 quotes have a meaning there. What a line cannot hold as it is goes through the
# engine's own environment, `--env=NAME` naming it. There the engine sees it, and all that it starts: iptables loads
# what XTABLES_LIBDIR names. So these names are for the file alone.
PLAIN = re.compile(r"""(?![ \t])[^\0\n\r"'`\\$]{0,32000}(?<![ \t])""")
STEERING = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TERM|TMP|TEMP|TMPDIR|TZ|TZDIR|LANG|LANGUAGE|LC_.*|ENV|IFS|PS4|CDPATH|SHELLOPTS|BASH.*"
    r"|LD_.*|GLIBC_.*|GCONV_PATH|GETCONF_DIR|LOCPATH|NLSPATH|MALLOC_.*|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|RESOLV_.*"
    r"|(IP6?|X|EB|ARP)TABLES_.*|NFT_.*|MODPROBE_.*|OPENSSL_.*|SSL_.*|GNUTLS_.*|GNUPG.*|KRB5.*|PYTHON.*|PERL.*"
    r"|GO[A-Z]+|RUST_.*|(GIO|GLIB|G)_.*|DBUS_.*|SYSTEMD_.*|NOTIFY_SOCKET|LISTEN_.*|INVOCATION_ID|JOURNAL_STREAM|XDG_.*"
    r"|_?(CONTAINERS?|OCI|STORAGE|REGISTRY|LIBPOD|PODMAN|BUILDAH|BUILDKIT|DOCKER|CRUN|RUNC|CONMON|CNI|NETAVARK|AARDVARK)_.*"
    r"|(SLIRP4NETNS|PASTA|FUSE|CATATONIT)_.*|(?i:[a-z]+_proxy)"
)


@contextmanager
def passed(arguments: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The arguments and the engine's additional environment that give a container the variables `env`.

    Raises PodshiftError for a steering name whose value has a line break: the engine's files cannot hold that.
    """
    filed = {name: value for name, value in env.items() if PLAIN.fullmatch(value) or STEERING.fullmatch(name)}
    rest = {name: value for name, value in env.items() if name not in filed}
    if not filed:
        yield list(arguments), rest
        return
    for name, value in filed.items():
        if "\n" in value:
            raise PodshiftError(f"the value of {name} has a line break", hint="the container engine cannot take that")
    words = list(arguments)
    for name in filed:
        words.remove(f"--env={name}")  # the first: options come before the container's own command
    with NamedTemporaryFile(mode="w", prefix=private_prefix("env"), dir=MEMORY if MEMORY.is_dir() else None) as file:
        file.writelines(f"{name}={value}\n" for name, value in filed.items())
        file.flush()
        yield [f"--env-file={file.name}", *words], rest
