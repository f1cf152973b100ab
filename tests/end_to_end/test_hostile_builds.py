"""Commits that want something of the server, or of another app, in their image: pushed, refused, and nothing leaks."""

import os
import re
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from server import App, Checkout
from server.inside import address, inside
from server.installation import PROGRAM, created

SECRET = "it is the server's own"
FROM = "FROM localhost/podshift-python\n"
# Of a file that COPY is to copy. Buildah's reader may be gone before its last request is written: 13 of 375.
MISSING = {"podman": "no such file or directory|copier subprocess.*broken pipe", "docker": "not found"}[PROGRAM]
POWERS = "RUN grep CapBnd /proc/self/status >/powers\n"
# capabilities(7): SETPCAP, NET_RAW, SYS_CHROOT with podman, whose build can be told; SYS_MODULE, SYS_PTRACE, SYS_ADMIN
NOT_IN_BUILDS = {"podman": (8, 13, 18, 16, 19, 21), "docker": (16, 19, 21)}[PROGRAM]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the server that its engine can read."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def loopback() -> Iterator[str]:
    """A service that the server offers to itself alone."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def log_message(self, *_: object) -> None:
            pass

    service = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{service.server_port}/"
    service.shutdown()
    thread.join()
    service.server_close()


def commit(checkout: Checkout, containerfile: str, **links: Path | str) -> None:
    """A commit with this Containerfile and with links called `link` and so on."""
    for name in ("link", "folder"):
        (checkout.folder / name).unlink(missing_ok=True)
    for name, target in links.items():
        (checkout.folder / name).symlink_to(target)
    checkout.commit("Hostile", Containerfile=containerfile)


def test_nothing_of_the_server_gets_into_an_image(app: App, checkout: Checkout, secret: Path, loopback: str) -> None:
    up = os.path.relpath(secret, checkout.folder)
    for why, containerfile, links in (
        (MISSING, "COPY link /x\nRUN cat /x\n", {"link": secret}),
        (MISSING, "COPY folder/secret /x\nRUN cat /x\n", {"folder": secret.parent}),
        (MISSING, "COPY link /x\nRUN cat /x\n", {"link": up}),
        ("no such file or directory", "COPY . /x\nRUN cat /x/link\n", {"link": secret}),
        ("link is a link that leads out", "RUN --mount=type=bind,source=link,target=/x cat /x\n", {"link": secret}),
        (
            "link is a link that leads out",
            "RUN --mount=source=link,target=/x cat /x\n",
            {"link": "folder", "folder": up},
        ),
        ("may only read", "RUN --mount=type=bind,target=/x,rw ln -s / /x/evil\n", {}),
        ("a link in that image", "RUN --mount=type=bind,from=s,source=/evil,target=/x cat /x/secret\n", {}),
        ("a cache needs", f"RUN --mount=type=cache,id=../../../..{secret.parent},target=/x cat /x/secret\n", {}),
        ("ADD would fetch from the server's own network", f"ADD {loopback} /x\nRUN cat /x\n", {}),
        ("ADD would fetch from the server's own network", f"ADD {loopback}\t/x\nRUN cat /x\n", {}),
        ("says its target twice", "RUN --mount=type=cache,target=/ok,dst=/a/link true\n", {}),
        ("RUN may have --mount, and no --network=host", "RUN --network=host true\n", {}),
        ("is no name of an image in a registry", f"FROM dir:{secret.parent}\n", {}),
    ):
        commit(checkout, f"{FROM.strip()} AS s\nRUN ln -s {secret.parent} /evil\n{FROM}{containerfile}", **links)
        pushed = checkout.push(app)
        assert re.search(why, pushed.said, re.IGNORECASE), (containerfile, pushed.said)
        assert SECRET not in pushed.text, containerfile
    assert set(app.states()) == {"failed"}


def test_no_file_that_the_engine_reads_is_a_link_to_one_of_the_server(
    app: App, checkout: Checkout, secret: Path
) -> None:
    secret.write_text(f"{FROM}RUN echo {SECRET!r}\n")
    (checkout.folder / "Containerfile").unlink()
    for name, why in (
        ("Containerfile", "Containerfile is not inside the pushed commit"),
        (".containerignore", ".containerignore is a link that leads out of the commit"),
        ("podshift.toml", "podshift.toml is a symbolic link"),
    ):
        (checkout.folder / name).unlink(missing_ok=True)
        (checkout.folder / name).symlink_to(secret)
        checkout.commit(f"A link as {name}")
        pushed = checkout.push(app)
        assert why in pushed.said
        assert SECRET not in pushed.text
        (checkout.folder / name).unlink()
        if name == "Containerfile":
            (checkout.folder / name).write_text(FROM)
    (checkout.folder / "Containerfile.in").write_text(f'#include "{secret}"\n')
    checkout.commit("cpp", podshift_toml='[build]\ncontainerfile = "Containerfile.in"\n')
    assert "goes through cpp" in checkout.push(app).said


@pytest.mark.matrix
def test_builds_of_two_apps_have_nothing_of_each_other(app: App, checkout: Checkout, tmp_path: Path) -> None:
    """Neither images, nor caches, nor what runs; what is an app's own it finds again."""
    other = Checkout(tmp_path / "other")
    never_cached = secrets.token_hex(4)  # no step of this may come from an earlier run: addresses come again
    shared = f"RUN --mount=type=cache,id=shared-{never_cached},target=/c ls /c | tee /seen; touch /c/kept\n"
    hello = (checkout.folder / "Containerfile").read_text()
    with created(app.server) as victim:
        other.commit("Cache", Containerfile=hello + shared)
        assert other.push(victim).code == 0
        names = [f"localhost/podshift/{victim.name}:v1"]
        # podman finds it by the short name too; to docker that is docker.io's
        for image in [*names, *([f"podshift/{victim.name}:v1"] if PROGRAM == "podman" else [])]:
            checkout.commit("Another's", Containerfile=f"FROM {image}\n")
            assert f"{image} is an image of another app" in checkout.push(app).said
        checkout.commit("Another's", Containerfile=f"{FROM}COPY --from=localhost/podshift/{victim.name}:v1 /app /app\n")
        assert "is an image of another app" in checkout.push(app).said
        for why, hidden in (
            ("a control character", f"{FROM}COPY\r--from={names[0]} /app /app\n"),
            ("an option of COPY", f"{FROM}COPY --${{NOBODY:-from}}={names[0]} /app /app\n"),
            ("only the engine knows", f"ARG B={FROM.split()[1]}\nARG B=${{NOBODY:-{names[0]}}}\nFROM $B\n"),
        ):
            checkout.commit("Another's, hidden", Containerfile=hidden)
            assert why in checkout.push(app).said, hidden
        dial = f"import socket; socket.create_connection(('{address(victim)}', 8080), 2) # {never_cached}"
        checkout.commit(
            "Dial",
            Containerfile=f'{hello}{shared}RUN python3 -c "{dial}" 2>&1 | tail -n 1 >/dialled\n{POWERS}',
            podshift_toml='[web]\nwatch = "0s"\n',
        )
        assert checkout.push(app).code == 0
        assert app.states()[-1] == "live"
        assert inside(app, "cat", "/seen") == ""
        assert "TimeoutError" in inside(app, "cat", "/dialled")
        powers = int(inside(app, "cat", "/powers").split()[-1], 16)
        assert [number for number in NOT_IN_BUILDS if powers >> number & 1] == []
        checkout.commit("Again", version_txt="v2\n", Containerfile=f"{hello}RUN true\n{shared}")
        checkout.push(app)
        assert inside(app, "cat", "/seen") == "kept"


def test_an_operator_may_trust_an_app(app: App, checkout: Checkout, loopback: str) -> None:
    app.server.podshift("allow", app.name, "build:unchecked")
    hello = (checkout.folder / "Containerfile").read_text()
    checkout.commit("Fetch", Containerfile=f"{hello}ADD {loopback} /fetched\n")
    checkout.push(app)
    assert inside(app, "cat", "/fetched") == SECRET
