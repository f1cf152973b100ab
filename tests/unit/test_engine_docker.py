"""What docker is told otherwise than podman, as golden lines, and what becomes of its answers."""

import json
import os
import shlex
import sys
from ipaddress import IPv4Network
from itertools import islice
from pathlib import Path

import pytest

from podshift.engine import BuildRequest, Container, EngineError
from podshift.engine.docker import Docker
from podshift.engine.docker.arguments import RunArguments
from podshift.engine.docker.daemon import explained, host_option
from podshift.engine.docker.inside import start_beside
from podshift.engine.docker.savedlog import save_log
from podshift.engine.docker.subnets import DEFAULT_POOLS, free_subnets, routed
from podshift.errors import PodshiftError
from podshift.settings import Settings

HOST = "--host=unix:///run/docker.sock"


class Told:
    """A program that is told to be docker: keeps every call's arguments, and answers what its first word calls for."""

    def __init__(self, folder: Path) -> None:
        self.program, self.calls, self.answers = folder / "docker", folder / "calls", folder / "answers"
        self.answers.mkdir()
        calls, answers = shlex.quote(str(self.calls)), shlex.quote(str(self.answers))
        self.program.write_text(
            f"#!/bin/sh\n{{ printf '%s\\0' \"$@\"; echo; }} >>{calls}\n"
            f'[ "$1" = --version ] || shift\ncat "{answers}/$1" 2>/dev/null\nexec sh "{answers}/$1.sh"\n'
        )
        self.program.chmod(0o755)
        self.engine = Docker(Settings(str(self.program), engine_options=(HOST,), run_options=("--ulimit=x",)))

    def answer(self, verb: str, text: str) -> None:
        (self.answers / verb).write_text(text)
        (self.answers / f"{verb}.sh").write_text("exit 0\n")

    def fail(self, verb: str, text: str) -> None:
        (self.answers / f"{verb}.sh").write_text(f"echo {shlex.quote(text)} >&2; exit 1\n")
        (self.answers / verb).unlink(missing_ok=True)

    def said(self) -> list[list[str]]:
        calls = [line.removesuffix("\0").split("\0") for line in self.calls.read_text().removesuffix("\n").split("\n")]
        self.calls.unlink()
        return [call[1:] if call[0] == HOST else call for call in calls]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    told = Told(tmp_path)
    for verb in ("ps", "container", "network", "run", "create", "start", "stop", "rm", "info", "build", "--version"):
        told.answer(verb, "")
    return told


def test_containers_are_listed_and_then_looked_at(told: Told) -> None:
    labels = {"podshift.app": "a,b=c"}
    told.answer("ps", "11\n22\n")
    rows = ({"name": "/a-web-1-1", "labels": labels, "state": "running", "pid": 7},
            {"name": "/b", "labels": None, "state": "exited", "pid": 0})  # fmt: skip
    told.answer("container", "".join(f"{json.dumps(row)}\n" for row in rows))
    assert told.engine.containers(app="a") == [
        Container("a-web-1-1", labels, "running", 7),
        Container("b", {}, "exited", 0),
    ]
    ps, inspect = told.said()
    assert ps == ["ps", "--all", "--quiet", "--no-trunc", "--filter=label=podshift.app=a"]
    assert (inspect[:2], inspect[3:]) == (["container", "inspect"], ["11", "22"])
    told.answer("ps", "")
    assert told.engine.containers() == []


def test_one_network_is_an_option_of_run(told: Told) -> None:
    words = [
        "--detach",
        "--network=n",
        "--ip=10.0.0.9",
        "--mac-address=02:70:0a:00:00:09",
        "--network-alias=a",
        "i",
        "sh",
    ]
    told.engine.run([*words, "--mac-address=theirs"])
    assert told.said() == [[
        "run", "--ulimit=x", "--detach", "--ip=10.0.0.9", "--network-alias=a", "--network=n",
        "i", "sh", "--mac-address=theirs",
    ]]  # fmt: skip


def test_further_networks_are_joined_before_the_start(told: Told) -> None:
    told.answer("create", "warning: something\nabc\n")
    told.engine.run(
        ["--detach", "--name=c", "--network=n", "--network=m:ip=10.1.0.9,mac=02:70:0a:01:00:09,alias=x", "i"]
    )
    assert told.said() == [
        ["create", "--ulimit=x", "--name=c", "--network=n", "i"],
        ["network", "connect", "--ip=10.1.0.9", "--alias=x", "m", "abc"],
        ["start", "abc"],
    ]


def test_a_container_that_cannot_join_does_not_stay(told: Told) -> None:
    told.answer("create", "abc\n")
    told.fail("network", "no such network")
    with pytest.raises(EngineError, match="network failed"):
        told.engine.run(["--detach", "--network=n", "--network=m", "i"])
    assert told.said()[-1] == ["rm", "--force", "--volumes", "abc"]


def test_what_is_in_front_stays_in_front() -> None:
    assert RunArguments.of(["--rm", "--interactive", "--tty", "i"]).attach == ["--attach", "--interactive"]
    assert RunArguments.of(["--rm", "i"]).attach == ["--attach"]


def test_containers_are_stopped_before_they_go_and_may_be_gone(told: Told) -> None:
    told.engine.stop(["a"], 2.6)
    told.engine.remove(["a", "b"], 10)
    assert [call for call in told.said() if call[0] != "container"] == [
        ["stop", "-t3", "a"],
        ["stop", "-t10", "a", "b"],
        ["rm", "--force", "--volumes", "a", "b"],
    ]
    told.fail("rm", "Error: No such container: a")
    told.engine.remove(["a"])
    told.fail("rm", "Error response from daemon: driver failed to remove root filesystem")
    with pytest.raises(EngineError):
        told.engine.remove(["a"])


def test_a_log_is_kept_in_podmans_form(tmp_path: Path) -> None:
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho '2026-01-02T03:04:05.000000001Z one two'\nprintf '2026-01-02T03:04:06Z '\n")
    program.chmod(0o755)
    path = tmp_path / "a-web-1-1.out"
    save_log(str(program), ["logs", "x"], str(path), 20)
    assert path.read_text() == "2026-01-02T03:04:05.000000001Z stdout F one two\n2026-01-02T03:04:06Z stdout F "
    assert path.stat().st_mode & 0o777 == 0o600
    save_log(str(program), ["logs", "x"], str(tmp_path / "gone" / "x.out"), 20)
    assert not (tmp_path / "gone").exists()


def test_a_network_gets_the_first_small_subnet_that_is_free(told: Told) -> None:
    told.answer("info", json.dumps({"DefaultAddressPools": [{"Base": "10.9.0.0/22", "Size": 24}]}))
    told.engine._subnets = lambda: iter([IPv4Network("10.9.0.0/24")])  # type: ignore[method-assign]
    assert told.engine.create_network("n", {"podshift.app": "a"}, isolated=True) == "10.9.1.0/24"
    assert told.said()[-1] == [
        "network", "create", "--label=podshift.app=a", "--subnet=10.9.1.0/24", "--ip-range=10.9.1.0/25",
        "--gateway=10.9.1.1", "n",
    ]  # fmt: skip
    told.fail("network", "Error response from daemon: Pool overlaps with other one on this address space")
    with pytest.raises(PodshiftError, match="no subnet is left"):
        told.engine.create_network("n", {})
    assert len(told.said()) == 4  # the question for the pools, and every subnet of the pool but the used one


def test_subnets_do_not_overlap_what_is_used() -> None:
    used = [IPv4Network("172.18.0.0/23"), IPv4Network("172.18.3.128/25")]
    assert [str(one) for one in islice(free_subnets(DEFAULT_POOLS, used), 2)] == ["172.18.2.0/24", "172.18.4.0/24"]
    assert list(free_subnets([IPv4Network("10.0.0.0/25")], [])) == []


def test_routes_are_read() -> None:
    header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    default = "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    other = "eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    assert list(routed(header + default + other)) == [IPv4Network("192.168.2.0/24")]


@pytest.mark.parametrize(("version", "buildkit"), [("20.10.24+dfsg1", "1"), ("28.2.2", "")])
def test_buildkit_is_asked_for_where_it_does_not_come_by_itself(
    told: Told, tmp_path: Path, version: str, buildkit: str
) -> None:
    told.answer("--version", f"Docker version {version}, build 5d6db84\n")
    (told.answers / "build.sh").write_text(f'echo "#5 sha256:{"a" * 64}"; echo "kit=$DOCKER_BUILDKIT"\n')
    lines: list[str] = []
    labels = {"podshift.home": "/h", "podshift.app": "shop"}
    told.engine.build(BuildRequest("i:v1", tmp_path, tmp_path / "Containerfile", labels=labels), lines.append)
    assert lines == [f"kit={buildkit}"]
    assert told.said()[-1] == [
        "build", "--tag=i:v1", f"--file={tmp_path}/Containerfile", "--build-arg=BUILDKIT_CACHE_MOUNT_NS=/h:shop",
        "--label=podshift.home=/h", "--label=podshift.app=shop", "--", str(tmp_path),
    ]  # fmt: skip


def test_a_daemon_that_does_not_answer_is_an_error_with_what_to_type() -> None:
    silent = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    refused = "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
    assert explained(EngineError("x", silent)).hint == "as root: systemctl start docker"
    assert "usermod -aG docker" in explained(EngineError("x", refused)).hint
    other = EngineError("x", "no such image")
    assert explained(other) is other


def test_the_daemon_is_the_earlier_one_or_dockers_host_and_never_far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///tmp/x.sock")
    assert host_option(()) == "--host=unix:///tmp/x.sock"
    assert host_option(("--host=unix:///earlier.sock",)) == "--host=unix:///earlier.sock"
    monkeypatch.setenv("DOCKER_HOST", "ssh://elsewhere")
    with pytest.raises(PodshiftError, match="is not on this machine"):
        host_option(())


def test_a_program_beside_a_container_has_its_network_and_of_the_server_only_programs(told: Told) -> None:
    with start_beside(str(told.program), [HOST], "proxy:1", "hello-web-12-1", [sys.executable, "-c", "pass"]) as one:
        assert one.wait(10) == 0
    (words,) = told.said()
    mounts = [word.removeprefix("--volume=") for word in words if word.startswith("--volume=")]
    assert [word for word in words if not word.startswith("--volume=")] == [
        "run", "--rm", "--interactive", "--log-driver=none", "--network=container:hello-web-12-1",
        f"--user={os.geteuid()}", "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only",
        f"--entrypoint={sys.executable}", "proxy:1", "-c", "pass",
    ]  # fmt: skip
    places = [Path(mount.split(":")[0]) for mount in mounts]
    assert mounts == [f"{place}:{place}:ro" for place in places]
    assert Path("/usr") in places
    assert any(Path(sys.prefix).is_relative_to(place) for place in places)
    assert not any(one in other.parents for one in places for other in places), "none inside another"
