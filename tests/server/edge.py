"""An installation with an HTTPS edge on loopback, asked as a browser asks; and an ACME server of its own."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podshift.settings import Home
from server.installation import Server, free_port, wait_until

ACME_SERVER = """\
{
	admin off
	skip_install_trust
	auto_https disable_redirects
	pki {
		ca local {
			root {
				cert /etc/acme/root.crt
				key /etc/acme/root.key
			}
		}
	}
}
https://%s {
	tls internal
	acme_server
}
"""


@dataclass(frozen=True)
class Edge:
    """`root` is the file by which its certificates are trusted."""

    server: Server
    http: str
    https: str
    root: Path

    @property
    def options(self) -> tuple[str, ...]:
        return ("--http", self.http, "--https", self.https)

    @property
    def port(self) -> int:
        return int(self.https.rpartition(":")[2])

    def curl(self, url: str, *options: str, check: bool = True) -> dict[str, Any]:
        """What curl says of one request, and its `body` less a final line break; every host name leads to the edge."""
        address = self.https if url.startswith("https:") else self.http
        command = ["curl", "--silent", "--show-error", "--max-time", "20", "--connect-to", f"::{address}"]
        command += ["--cacert", str(self.root), "--write-out", "\n%{json}", *options, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 or not check, f"{url}\n{done.stdout}{done.stderr}"
        body, _, said = done.stdout.rpartition("\n")
        return {**json.loads(said), "body": body.removesuffix("\n"), "exit": done.returncode}

    def certificates(self) -> list[str]:
        found: list[str] = self.server.json("edge")["certificates"]
        return found


def edge_addresses() -> tuple[str, str]:
    return f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"


@contextmanager
def acme_edge(server: Server, folder: Path, names: Sequence[str]) -> Iterator[Edge]:
    """`podshift edge on`, with certificates from an ACME server that finds these names at the edge."""
    name = Home(server.home).edge_name
    http, https = edge_addresses()
    edge = Edge(server, http, https, folder / "root.crt")
    server.podshift("edge", "on", "--internal", *edge.options)
    address = place_of(server, name).rpartition(".")[0] + ".200"
    make_root(folder)
    (folder / "Caddyfile").write_text(ACME_SERVER % address)
    directory = f"https://{address}/acme/local/directory"
    server.podshift("edge", "on", "--acme-ca", directory, "--acme-root", str(edge.root), "--email", "ops@shop.example")
    place = place_of(server, name)
    hosts = [f"--add-host={one}:{place}" for one in names]
    image = server.settings["edge"]["image"]
    server.engine(
        "run", "--detach", *server.run_options, f"--name={name}-acme", f"--label=podshift.home={server.home}",
        f"--network={name}", f"--ip={address}", *hosts, f"--volume={folder}:/etc/acme:ro", "--entrypoint=caddy", image,
        "run", "--config=/etc/acme/Caddyfile", "--adapter=caddyfile",
    )  # fmt: skip
    try:
        wait_until(lambda: "serving initial" in _logs(server, f"{name}-acme"), what="the ACME server")
        yield edge
    finally:
        server.engine("kill", f"{name}-acme")
        server.engine("rm", "--force", "--volumes", f"{name}-acme")


def place_of(server: Server, container: str) -> str:
    """A container's address on the one network that it is on."""
    return server.engine(
        "inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container
    ).strip()


def make_root(folder: Path) -> None:
    """An authority: root.crt and root.key."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-subj", "/CN=Test root", "-days", "30", *usage,
         "-keyout", str(folder / "root.key"), "-out", str(folder / "root.crt")],
        check=True, capture_output=True,
    )  # fmt: skip


def _logs(server: Server, container: str) -> str:
    command = [server.settings["engine"], *server.settings["engine_options"], "logs", container]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr
