"""What a good podshift.toml means."""

from typing import Any

import pytest

from podshift.manifest import parse_manifest
from podshift.model import Build, Manifest, Order, Process, Readiness

EVERYTHING = """
[build]
containerfile = "docker/Containerfile"
context = "."
target = "runtime"
args = { NODE_ENV = "production" }

[release]
command = ["python", "manage.py", "migrate"]

[web]
command = ["gunicorn", "app:app"]
port = 8080
replicas = 2
order = "stop-first"
drain = "20s"
stop = "500ms"
ready = { path = "/healthz?full=1", status = "200-299", timeout = "2m" }
memory = "512m"
cpus = 1.5
volumes = { data = "/var/lib/app" }
watch = "10s"
max_errors = "5%"
hold = 3

[process.worker]
command = "python worker.py"
replicas = 0
ready = { timeout = 4 }
"""


def test_every_key_arrives() -> None:
    assert parse_manifest(EVERYTHING) == Manifest(
        build=Build("docker/Containerfile", ".", "runtime", {"NODE_ENV": "production"}),
        release_command=("python", "manage.py", "migrate"),
        processes={
            "web": Process(
                "web",
                command=("gunicorn", "app:app"),
                port=8080,
                replicas=2,
                order=Order.STOP_FIRST,
                drain=20.0,
                stop=0.5,
                ready=Readiness("/healthz?full=1", ((200, 299),), 120.0),
                memory="512m",
                cpus=1.5,
                volumes={"data": "/var/lib/app"},
                watch=10.0,
                max_errors=0.05,
                hold=3.0,
            ),
            "worker": Process(
                "worker",
                command=("/bin/sh", "-c", "python worker.py"),
                replicas=0,
                ready=Readiness(timeout=4.0),
            ),
        },
    )


@pytest.mark.parametrize("text", [None, "", "\ufeff", "# nothing\r\n", "[build]\n[release]\n[web]\n[process]\n"])
def test_a_repository_that_says_nothing_has_the_defaults(text: str | None) -> None:
    assert parse_manifest(text) == Manifest()


def test_byte_order_mark_and_windows_line_ends_are_tolerated() -> None:
    assert parse_manifest("\ufeff[web]\r\nport = 80\r\n").web.port == 80


@pytest.mark.parametrize(
    ("line", "name", "means"),
    [
        ('drain = "500ms"', "drain", 0.5),
        ('drain = "1.5s"', "drain", 1.5),
        ('drain = "60m"', "drain", 3600.0),
        ("drain = 0", "drain", 0.0),
        ("drain = 2.5", "drain", 2.5),
        ('memory = "1G"', "memory", "1g"),
        ('memory = "4194304"', "memory", "4194304"),
        ("cpus = 2", "cpus", 2.0),
        ("max_errors = 0.25", "max_errors", 0.25),
        ('max_errors = "100%"', "max_errors", 1.0),
        ("watch = 0", "watch", 0.0),
        ("ready.status = 204", "ready", Readiness(status=((204, 204),))),
        (
            'ready.status = "200, 204,300-399"',
            "ready",
            Readiness(status=((200, 200), (204, 204), (300, 399))),
        ),
        ('ready.path = "/a%20b"', "ready", Readiness(path="/a%20b")),
        ('command = ["a", ""]', "command", ("a", "")),
        ('command = ["--workers", "a\\tb"]', "command", ("--workers", "a\tb")),
        ('volumes = { a = "/data//x/" }', "volumes", {"a": "/data/x"}),
    ],
)
def test_a_value_of_web(line: str, name: str, means: Any) -> None:
    assert getattr(parse_manifest(f"[web]\n{line}").web, name) == means


def test_build_paths_are_normalised() -> None:
    build = parse_manifest('[build]\ncontainerfile = "./deploy//Containerfile"\ncontext = "app/"').build
    assert (build.containerfile, build.context) == ("deploy/Containerfile", "app")
