"""What of a session's environment goes on. A client may set what the server's AcceptEnv lets through, perhaps all."""

import re
from collections.abc import Mapping

# sshd's own, the session's, a proxy that builds need, the engine's place. Nothing by which git, the dynamic linker,
# Python, a shell or an editor could be made to do something else; and no podshift but ours.
PASSED = re.compile(
    r"HOME|USER|LOGNAME|SHELL|PATH|MAIL|TZ|TERM|SSH_(CLIENT|CONNECTION|TTY)"
    r"|XDG_(RUNTIME_DIR|CONFIG_HOME|DATA_HOME|SESSION_ID)|DBUS_SESSION_BUS_ADDRESS|DOCKER_HOST"
    r"|(?i:(https?|ftp|all|no)_proxy)"
)
PROTOCOL = re.compile(r"version=\d")


def cleaned(environment: Mapping[str, str]) -> dict[str, str]:
    """Only what is known; texts in UTF-8, whatever the client's language is."""
    passed = {name: value for name, value in environment.items() if PASSED.fullmatch(name)}
    protocol = environment.get("GIT_PROTOCOL", "")  # how client and server of git agree on a newer protocol
    if PROTOCOL.fullmatch(protocol):
        passed["GIT_PROTOCOL"] = protocol
    return {**passed, "LANG": "C.UTF-8"}
