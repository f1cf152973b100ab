"""HAProxy, which holds the switch: its runtime commands and its configuration file.

The running proxy is changed through its runtime socket and never reloaded; the files say the same, so that
a restarted one comes back right. https://docs.haproxy.org/2.6/management.html#9.3 has the commands.
"""

from podshift.proxy.canary import begin_canary, end_canary
from podshift.proxy.files import (
    INSIDE,
    PreparedFiles,
    backend_name,
    copy_static_files,
    maps,
    own_host,
    prepare_files,
)
from podshift.proxy.runtime import BackendCounts, Proxy, ServerState
from podshift.proxy.upstreams import Upstreams

__all__ = [
    "INSIDE",
    "BackendCounts",
    "PreparedFiles",
    "Proxy",
    "ServerState",
    "Upstreams",
    "backend_name",
    "begin_canary",
    "copy_static_files",
    "end_canary",
    "maps",
    "own_host",
    "prepare_files",
]
