"""What the engine is told, as golden lines, and what becomes of its answers.

The program here only writes down its arguments and says what the test wants; real engines are for the end-to-end tests.
"""

import json
import shlex
import stat
import time
from pathlib import Path

import pytest

from podshift.engine import BuildRequest, Container, Ending, Engine, EngineError, ImageFacts
from podshift.engine.command import ended, run
from podshift.errors import PodshiftError
from podshift.settings import Settings


class Recorder:
    """A program that is told to be an engine: keeps every call's arguments, and answers with a text and a status."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "engine"
        self.calls = folder / "calls"
        self.says = folder / "says"
        self.answer("")
        self.engine = Engine(
            Settings(str(self.program), engine_options=("--runtime=runc",), run_options=("--ulimit=x",))
        )

    def script(self, *lines: str) -> None:
        self.program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        self.program.chmod(stat.S_IRWXU)

    def answer(self, text: str, status: int = 0) -> None:
        self.says.write_text(text)
        calls, says = shlex.quote(str(self.calls)), shlex.quote(str(self.says))
        self.script(f"{{ printf '%s\\0' \"$@\"; echo; }} >>{calls}", f"cat {says}", f"exit {status}")

    def said(self) -> list[list[str]]:
        """The arguments of every call since the last time, without the options that every call has."""
        text = self.calls.read_text()
        self.calls.unlink()
        calls = [line.removesuffix("\0").split("\0") for line in text.removesuffix("\n").split("\n")]
        assert all(call[0] == "--runtime=runc" for call in calls)
        return [call[1:] for call in calls]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path)


def test_containers_are_found_by_label(recorder: Recorder) -> None:
    labels = {
        "podshift.app": "hello",
        "podshift.process": "web",
        "podshift.release": "12",
        "podshift.address": "10.0.0.9",
    }
    recorder.answer(json.dumps([
        {"Names": ["hello-web-12-3"], "Labels": labels, "State": "running", "Pid": 77},
        {"Names": ["old-1"], "Labels": None, "State": "exited"},
    ]))  # fmt: skip
    one, other = recorder.engine.containers(home="/srv/podshift", app="hello")
    assert recorder.said() == [
        [
            "ps",
            "--all",
            "--format=json",
            "--filter=label=podshift.home=/srv/podshift",
            "--filter=label=podshift.app=hello",
        ]
    ]
    assert one == Container("hello-web-12-3", labels, "running", 77)
    assert (one.running, one.app, one.process, one.release, one.index, one.address) == (
        True, "hello", "web", 12, 3, "10.0.0.9",
    )  # fmt: skip
    assert (other.running, other.pid, other.app, other.release) == (False, 0, "", 0)


ENDED = {"id": "5ee", "state": "exited", "status": 3, "out_of_memory": False, "memory": 0}


@pytest.mark.parametrize(
    ("told", "ending"),
    [
        ({}, Ending(3)),
        ({"state": "restarting"}, Ending(3)),
        ({"status": 137, "memory": 10 << 20}, Ending(137, memory=10 << 20)),
        ({"status": 1, "out_of_memory": True, "memory": 1 << 30}, Ending(1, out_of_memory=True, memory=1 << 30)),
    ],
)
def test_how_a_container_ended(recorder: Recorder, told: dict[str, object], ending: Ending | None) -> None:
    recorder.answer(json.dumps({**ENDED, **told}))
    assert recorder.engine.ending("hello-web-1-1") == ending
    (words,) = recorder.said()
    assert (words[:2], words[-1]) == (["container", "inspect"], "hello-web-1-1")


@pytest.mark.parametrize(
    ("state", "events", "ending"),
    [
        ("running", (3, 137), Ending(137, memory=10 << 20)),
        ("initialized", (3,), Ending(3, memory=10 << 20)),
        ("created", (), None),
        ("running", (None,), None),
    ],
)
def test_how_one_ended_that_runs_again(
    recorder: Recorder, state: str, events: tuple[int, ...], ending: Ending | None
) -> None:
    """It keeps nothing of its last end but what the events say of it."""
    facts = shlex.quote(json.dumps({**ENDED, "state": state, "status": 0, "memory": 10 << 20}))
    died = " ".join(shlex.quote(json.dumps({"Status": "died", "ContainerExitCode": status})) for status in events)
    recorder.script(f'case "$*" in *events*) for died in {died}; do echo "$died"; done;; *) echo {facts};; esac')
    assert recorder.engine.ending("hello-web-1-1") == ending


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending(0), " with status 0"),
        (Ending(3), " with status 3"),
        (Ending(139), " with status 139 (SIGSEGV)"),
        (Ending(137), " with status 137 (SIGKILL)"),
        (Ending(255), " with status 255"),
        (
            Ending(137, memory=10 << 20),
            ": it was killed (SIGKILL), most likely for want of memory: its limit is 10m",
        ),
        (
            Ending(1, out_of_memory=True, memory=3 << 29),
            ": it was killed (SIGKILL), most likely for want of memory: its limit is 1536m",
        ),
    ],
)
def test_how_it_ended_in_words(ending: Ending, words: str) -> None:
    assert ending.words == words


def test_how_often_containers_were_started_again(recorder: Recorder) -> None:
    assert recorder.engine.restarts([]) == {}
    recorder.answer("/hello-web-1-1 0\nhello-job-1-1 4\nError: no such container gone\n", status=125)
    assert recorder.engine.restarts(["hello-web-1-1", "hello-job-1-1", "gone"]) == {
        "hello-web-1-1": 0,
        "hello-job-1-1": 4,
    }
    (words,) = recorder.said()
    assert words[-3:] == ["hello-web-1-1", "hello-job-1-1", "gone"]


def test_no_container_is_an_empty_list(recorder: Recorder) -> None:
    assert recorder.engine.containers() == []
    recorder.answer("[]")
    assert recorder.engine.containers() == []


@pytest.mark.parametrize(("status", "there"), [(0, True), (1, False)])
def test_what_is_not_there(recorder: Recorder, status: int, there: bool) -> None:
    recorder.answer("", status)
    assert recorder.engine.exists("image", "a:v1") == there


def test_an_engine_that_fails_does_not_say_that_something_is_not_there(recorder: Recorder) -> None:
    recorder.script("echo 'Error: database is locked' >&2", "exit 125")
    for ask in (
        lambda: recorder.engine.exists("image", "a:v1"),
        lambda: recorder.engine.network_label("n", "podshift.home"),
        lambda: recorder.engine.volume_labels("v"),
    ):
        with pytest.raises(EngineError, match="failed with status 125"):
            ask()


def test_containers_start_stop_and_go(recorder: Recorder) -> None:
    engine = recorder.engine
    engine.run(["--detach", "--name=n", "image", "sh", "-c", "a b"])
    engine.start(["a", "b"])
    engine.stop(["a", "b"], 2.6)
    engine.remove(["a", "b"], 10)
    engine.remove(["c"])
    assert recorder.said() == [
        ["run", "--ulimit=x", "--detach", "--name=n", "image", "sh", "-c", "a b"],
        ["start", "a", "b"],
        ["stop", "--time=3", "a", "b"],
        ["rm", "--force", "--ignore", "--volumes", "--time=10", "a", "b"],
        ["rm", "--force", "--ignore", "--volumes", "--time=0", "c"],
    ]


CONTROLLERS = [(["cpu", "pids"], ["--cpu-shares=8192"]), (["pids"], []), (None, [])]


@pytest.mark.parametrize(("controllers", "options"), CONTROLLERS)
def test_the_proxy_goes_first_where_the_engine_can_see_to_it(
    recorder: Recorder, controllers: list[str] | None, options: list[str]
) -> None:
    recorder.answer(json.dumps({"host": {"cgroupControllers": controllers}}))
    assert recorder.engine.first_served == recorder.engine.first_served == options
    assert recorder.said() == [["info", "--format={{json .}}"]]


def test_nothing_to_do_asks_nothing_of_the_engine(recorder: Recorder) -> None:
    recorder.engine.start([])
    recorder.engine.stop([], 1)
    recorder.engine.remove([])
    recorder.engine.remove_images([])
    assert not recorder.calls.exists()


def test_the_last_lines_of_a_container_are_of_both_streams(recorder: Recorder) -> None:
    recorder.answer("one\ntwo\r\nthree")
    assert recorder.engine.logs("hello-web-12-1", 2) == ["two", "three"]
    assert recorder.said()[-1] == ["logs", "hello-web-12-1"]
    recorder.answer("journald")
    recorder.engine.timed_logs("hello-web-12-1", 2)
    assert recorder.said()[-1] == ["logs", "--timestamps", "--tail=2", "hello-web-12-1"]


# Of every build: its steps have less of root's powers than podman gives by itself.
BUILD = ("build", "--cap-drop=CAP_SETPCAP", "--cap-drop=CAP_SYS_CHROOT")


def test_values_of_a_build_are_glued_to_their_options(recorder: Recorder, tmp_path: Path) -> None:
    lines: list[str] = []
    recorder.answer("STEP 1/2\nSTEP 2/2\n")
    request = BuildRequest(
        "localhost/podshift/hello:v12",
        tmp_path,
        tmp_path / "Containerfile",
        target="runtime",
        args={"A": "--privileged", "B": "b c"},
        labels={"podshift.app": "hello"},
    )
    recorder.engine.build(request, lines.append)
    assert recorder.said() == [[
        *BUILD, "--tag=localhost/podshift/hello:v12", f"--file={tmp_path}/Containerfile", "--target=runtime",
        "--build-arg=A=--privileged", "--build-arg=B=b c", "--label=podshift.app=hello", "--", str(tmp_path),
    ]]  # fmt: skip
    assert lines == ["STEP 1/2", "STEP 2/2"]


def test_a_build_without_the_cache(recorder: Recorder, tmp_path: Path) -> None:
    request = BuildRequest("localhost/podshift/hello:v12", tmp_path, tmp_path / "Dockerfile", use_cache=False)
    recorder.engine.build(request, lambda _: None)
    assert recorder.said() == [[
        *BUILD, "--tag=localhost/podshift/hello:v12", f"--file={tmp_path}/Dockerfile", "--no-cache", "--",
        str(tmp_path),
    ]]  # fmt: skip


def test_a_build_with_mounted_files_and_an_ignore_file(recorder: Recorder, tmp_path: Path) -> None:
    request = BuildRequest(
        "localhost/podshift/hello:v12", tmp_path, tmp_path / "Dockerfile",
        files={"pip.conf": tmp_path / "index" / "pip.conf"}, ignore_file=tmp_path / "ignored",
    )  # fmt: skip
    recorder.engine.build(request, lambda _: None)
    assert recorder.said()[0][len(BUILD) + 2 : -2] == [
        f"--secret=id=pip.conf,src={tmp_path}/index/pip.conf", f"--ignorefile={tmp_path}/ignored",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("exposed", "ports"),
    [
        ({"8080/tcp": {}, "443": {}, "53/udp": {}}, (443, 8080)),
        ({}, ()),
        (None, ()),
        ({"8000-8010/tcp": {}}, ()),
    ],
)
def test_an_image_says_which_tcp_ports_it_exposes(
    recorder: Recorder, exposed: dict[str, object] | None, ports: tuple[int, ...]
) -> None:
    recorder.answer(json.dumps([{"Config": {"ExposedPorts": exposed}}]))
    assert recorder.engine.image_facts("i") == ImageFacts(ports)
    recorder.answer(json.dumps([{"Config": None}]))
    assert recorder.engine.image_facts("i") == ImageFacts(())


def test_tags_are_those_of_that_very_repository(recorder: Recorder) -> None:
    name = "localhost/podshift/hello"
    recorder.answer(f"{name}:v1\n{name}:v2\n{name}-two:v1\n{name}:v1\n<none>:<none>\n")
    assert recorder.engine.image_tags(name) == [f"{name}:v1", f"{name}:v2"]
    assert recorder.said() == [["images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={name}"]]


def test_an_image_in_use_stays_without_a_fuss(recorder: Recorder) -> None:
    recorder.answer("Error: image used by 1234\n", status=2)
    recorder.engine.remove_images(["i:v1", "i:v2"])
    assert recorder.said() == [["rmi", "i:v1", "i:v2"]]


def test_networks_are_made_and_found_by_label(recorder: Recorder) -> None:
    engine = recorder.engine
    recorder.answer(json.dumps([{"subnets": [{"subnet": "10.89.3.0/24"}], "labels": {"podshift.home": "/srv"}}]))
    assert engine.create_network("podshift-hello", {"podshift.app": "hello"}) == "10.89.3.0/24"
    assert engine.network_label("podshift-hello", "podshift.home") == "/srv"
    assert engine.network_label("podshift-hello", "podshift.app") == ""
    recorder.script("echo 'unable to find network with name or ID podshift-hello: network not found' >&2", "exit 125")
    assert engine.network_label("podshift-hello", "podshift.home") is None
    engine.disconnect_quietly("podshift-hello", "proxy")
    assert recorder.said()[0] == ["network", "create", "--label=podshift.app=hello", "podshift-hello"]


def test_an_interface_that_goes_meanwhile_is_no_reason_to_make_no_network(recorder: Recorder) -> None:
    mark = shlex.quote(str(recorder.says))
    said = "Error: route ip+net: no such network interface"
    recorder.script(
        f"test -e {mark}.tried && echo '[{{\"subnets\": [{{\"subnet\": \"10.89.3.0/24\"}}]}}]' && exit 0",
        f"touch {mark}.tried", f"echo {shlex.quote(said)} >&2", "exit 125",
    )  # fmt: skip
    assert recorder.engine.create_network("n", {}) == "10.89.3.0/24"


def test_a_failed_command_is_named_with_its_status_and_last_lines(recorder: Recorder) -> None:
    recorder.script("seq 40", 'printf "\\377 not UTF-8\\n" >&2', "echo 'Error: no such image' >&2", "exit 125")
    with pytest.raises(EngineError) as caught:
        run(str(recorder.program), ["build", "."], timeout=20, on_line=lambda _: None)
    assert caught.value.message == f"{recorder.program} build failed with status 125"
    assert len(caught.value.details) == 25
    assert {"40", "\ufffd not UTF-8", "Error: no such image"} <= set(caught.value.details)


def test_without_a_listener_the_errors_are_kept_and_the_output_given_back(recorder: Recorder) -> None:
    recorder.script("echo out", "echo err >&2")
    assert run(str(recorder.program), ["x"], timeout=20) == "out\n"
    recorder.script("echo out", "echo err >&2", "exit 1")
    with pytest.raises(EngineError) as caught:
        run(str(recorder.program), ["x"], timeout=20)
    assert caught.value.details == ("err",)


def test_a_command_has_no_terminal_and_nothing_to_read(recorder: Recorder) -> None:
    recorder.script("cat; test -t 0 || test -t 1 || test -t 2 || echo none")
    assert run(str(recorder.program), [], timeout=20) == "none\n"


def test_variables_travel_beside_podshift_s_own_environment(recorder: Recorder) -> None:
    recorder.script('echo "$GREETING"; test -n "$PATH"; ps -o args= $$ | grep -c geheim || true')
    assert run(str(recorder.program), [], timeout=20, env={"GREETING": "geheim 'x' \n$y"}).splitlines() == [
        "geheim 'x' ",
        "$y",
        "0",
    ]


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(recorder: Recorder, tmp_path: Path) -> None:
    children = tmp_path / "children"
    recorder.script(f"sleep 600 & echo $! >{shlex.quote(str(children))}", "echo begun >&2", "wait")
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"ps did not end within 1 s") as caught:
        run(str(recorder.program), ["--all", "ps"], timeout=1.0)
    assert time.monotonic() - began < 10
    assert caught.value.details == ("begun",)
    assert ended(int(children.read_text()), 5)


def test_a_listener_that_fails_is_not_swallowed(recorder: Recorder) -> None:
    def full(_: str) -> None:
        raise OSError("disk full")

    recorder.answer("one\ntwo\n")
    with pytest.raises(OSError, match="disk full"):
        run(str(recorder.program), [], timeout=20, on_line=full)


def test_an_engine_that_is_not_installed_is_an_error_with_what_to_type() -> None:
    with pytest.raises(PodshiftError, match="no-such-engine is not installed") as caught:
        run("no-such-engine", ["ps"], timeout=20)
    assert caught.value.hint == "apt install no-such-engine"


@pytest.mark.parametrize("verb", ["stop", "remove"])
def test_a_container_that_ends_by_itself_meanwhile_is_asked_to_end_again(recorder: Recorder, verb: str) -> None:
    said = "Error: cannot remove container x as it could not be stopped: container state improper: stopped"
    mark = shlex.quote(str(recorder.says))
    recorder.script(f"test -e {mark}.tried && exit 0", f"touch {mark}.tried", f"echo {shlex.quote(said)} >&2", "exit 2")
    getattr(recorder.engine, verb)(["x"], 1)


@pytest.mark.parametrize(
    ("said", "tries"), [("it could not be stopped: it hangs", 5), ("no such container", 1)], ids=["hangs", "unknown"]
)
def test_a_container_that_cannot_be_stopped_is_an_error_in_the_end(recorder: Recorder, said: str, tries: int) -> None:
    recorder.script(f"echo call >>{shlex.quote(str(recorder.calls))}", f"echo 'Error: {said}' >&2", "exit 2")
    with pytest.raises(EngineError, match="rm failed with status 2"):
        recorder.engine.remove(["x"])
    assert recorder.calls.read_text().splitlines() == ["call"] * tries


def test_an_image_is_looked_at_again_when_another_vanished_meanwhile(recorder: Recorder, tmp_path: Path) -> None:
    """podman 4.3 reads all images to inspect one, and gives up at one that somebody removes just then."""
    again = shlex.quote(str(tmp_path / "again"))
    recorder.script(
        f"[ -e {again} ] && echo '[{{\"Config\": {{}}}}]' && exit",
        f"touch {again}",
        "echo 'Error: locating image with ID ab1ea3: image not known' >&2; exit 125",
    )
    assert recorder.engine.image_facts("localhost/podshift/hello:v1") == ImageFacts((), False)
