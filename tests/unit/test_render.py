"""Templates become run arguments, one a line; what is wrong with an operator's template is said with file and line."""

from pathlib import Path
from typing import Any

import pytest

from podshift.errors import PodshiftError
from podshift.model import Process
from podshift.render import container_arguments, render_template, run_policy
from podshift.settings import shipped

VALUES: dict[str, Any] = {
    "app": "hello",
    "release": 12,
    "commit": "3f2a91c" + "0" * 33,
    "engine": "podman",
    "volumes": {},
}
PLAIN = Process("web")
FULL = Process("web", stop=2.2, memory="512m", cpus=1.5)
VOLUMES = {"hello.data": "/var/lib/app", "hello.cache": "/cache"}


def policy(folder: Path, text: str, **values: Any) -> list[str]:
    """What an operator's template gives."""
    (folder / "run.args.j2").write_text(text)
    return run_policy([folder], **{"process": PLAIN, **VALUES, **values})


CAPABILITIES = (
    "--cap-drop=audit_write",
    "--cap-drop=fsetid",
    "--cap-drop=mknod",
    "--cap-drop=net_raw",
    "--cap-drop=setfcap",
    "--cap-drop=setpcap",
    "--cap-drop=sys_chroot",
    "--cap-add=net_bind_service",
)


def test_the_policy_of_a_container_that_asks_for_nothing() -> None:
    assert run_policy([], process=PLAIN, **VALUES) == [
        "--restart=always",
        "--init",
        "--stop-timeout=10",
        "--pids-limit=2048",
        "--security-opt=no-new-privileges",
        *CAPABILITIES,
        "--log-driver=k8s-file",
        "--log-opt=max-size=10mb",
    ]


def test_the_policy_of_one_that_asks_for_everything() -> None:
    assert run_policy([], process=FULL, **{**VALUES, "engine": "docker", "volumes": VOLUMES}) == [
        "--restart=always",
        "--init",
        "--stop-timeout=3",
        "--pids-limit=2048",
        "--security-opt=no-new-privileges",
        *CAPABILITIES,
        "--log-driver=json-file",
        "--log-opt=max-size=10m",
        "--log-opt=max-file=3",
        "--memory=512m",
        "--cpus=1.5",
        "--volume=hello.data:/var/lib/app",
        "--volume=hello.cache:/cache",
    ]


def test_identity_comes_after_policy_and_the_command_after_the_image() -> None:
    assert container_arguments(
        name="hello-web-12-1",
        labels={"podshift.app": "hello", "podshift.release": "12"},
        network=["--network=podshift-hello", "--ip=10.89.1.130"],
        variables=["PORT", "GREETING"],
        policy=["--name=another", "--label=podshift.app=another"],
        image="localhost/podshift/hello:v12",
        command=["--privileged", "a b", "$(reboot)"],
    ) == [
        "--detach",
        "--name=another",
        "--label=podshift.app=another",
        "--name=hello-web-12-1",
        "--network=podshift-hello",
        "--ip=10.89.1.130",
        "--label=podshift.app=hello",
        "--label=podshift.release=12",
        "--env=PORT",
        "--env=GREETING",
        "localhost/podshift/hello:v12",
        "--privileged",
        "a b",
        "$(reboot)",
    ]


def test_a_command_that_is_run_once_is_not_detached() -> None:
    arguments = container_arguments(
        name="n", labels={}, network=[], variables=[], policy=[], image="i", command=[], mode=("--rm", "--interactive")
    )
    assert arguments == ["--rm", "--interactive", "--name=n", "i"]


def test_empty_lines_and_comments_are_left_out(tmp_path: Path) -> None:
    assert policy(tmp_path, "\n  --init  \r\n# why\n\n   # not\n--env=A=b c # part of the value\n") == [
        "--init",
        "--env=A=b c # part of the value",
    ]


def test_the_app_s_own_template_goes_before_everybody_s_and_that_before_podshift_s(tmp_path: Path) -> None:
    own, everybody = tmp_path / "hello", tmp_path
    own.mkdir()
    (everybody / "run.args.j2").write_text("--memory=1g\n")
    assert run_policy([own, everybody], process=PLAIN, **VALUES) == ["--memory=1g"]
    (own / "run.args.j2").write_text("{% include 'more.j2' %}--label=of={{ app }}-{{ release }}\n")
    (own / "more.j2").write_text("--init\n")
    assert run_policy([own, everybody], process=PLAIN, **VALUES) == ["--init", "--label=of=hello-12"]


BROKEN = [
    # template                                       the line   what is said of it
    ("--init\n--memory={{ process.memroy }}\n",       2,        "has no attribute 'memroy'"),
    ("--init\n\n--memory={{ memory }}\n",             3,        "'memory' is undefined"),
    ("--init\n{% if engine %}\n--x\n",                3,        "Unexpected end of template"),
    ("{{ app\n",                                      1,        "unexpected end of template|unexpected"),
    ("--init\n--x={{ 1 / 0 }}\n",                     2,        "ZeroDivisionError"),
    ("--memory={{ process.memory }}\n",               1,        "a value is None"),
    ("--init\n{% include 'gone.j2' %}\n",             2,        r"gone\.j2"),
    ("--init\n{{ app | shout }}\n",                   2,        "No filter named 'shout'"),
    ("--a\n{% for n in 3 %}\n--x\n{% endfor %}\n",    2,        "'int' object is not iterable"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), BROKEN)
def test_a_broken_template_is_an_error_with_file_and_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(PodshiftError, match=said) as caught:
        policy(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path}/run.args.j2, line {line}: ")
    assert caught.value.hint.endswith("podshift render hello shows the result")


def test_an_error_in_an_included_template_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "more.j2").write_text("\n\n--x={{ nothing }}\n")
    with pytest.raises(PodshiftError, match=r"more\.j2, line 3: .*'nothing' is undefined"):
        policy(tmp_path, "--init\n{% include 'more.j2' %}\n")


@pytest.mark.parametrize("breaker", ["\n", "\r", "\r\n", "\0"])
def test_a_value_with_a_line_break_is_refused(tmp_path: Path, breaker: str) -> None:
    with pytest.raises(PodshiftError, match="line 1: ValueError: a value has a line break or NUL in it"):
        policy(tmp_path, "--env=MESSAGE={{ message }}\n", message=f"hello{breaker}--privileged")


@pytest.mark.parametrize("breaker", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_what_only_some_take_for_a_line_break_stays_in_its_argument(tmp_path: Path, breaker: str) -> None:
    message = f"hello{breaker}--privileged"
    assert policy(tmp_path, "--env=MESSAGE={{ message }}\n", message=message) == [f"--env=MESSAGE={message}"]


@pytest.mark.parametrize(
    "message", ["a b", "a' --privileged '", 'a" --privileged "', "a\\", "$(reboot)", "# a", "ä 語"]
)
def test_no_quote_or_blank_ends_an_argument(tmp_path: Path, message: str) -> None:
    assert policy(tmp_path, "--env=MESSAGE={{ message }}\n", message=message) == [f"--env=MESSAGE={message}"]


@pytest.mark.parametrize("line", ["busybox", "-", "--", "/data:/data"])
def test_a_line_that_is_no_option_cannot_become_the_image(tmp_path: Path, line: str) -> None:
    with pytest.raises(PodshiftError, match=f"run.args.j2 gives '{line}', which is no option"):
        policy(tmp_path, f"--init\n{line}\n")


def test_what_is_shipped_renders_as_it_is() -> None:
    assert render_template("404.txt", []) == shipped("templates", "404.txt").read_text()
