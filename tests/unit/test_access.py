"""Who may do what by the door: names of apps, the table of commands, the environment."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from podshift.access.environment import cleaned
from podshift.access.git import app_name
from podshift.access.rights import TABLE, Scope, check, may_give
from podshift.cli import GROUP
from podshift.cli.command import COMMANDS
from podshift.errors import PodshiftError
from podshift.records import Key
from podshift.settings import Home

HOME = Home(Path("/home/deploy/podshift"))


def key(**rights: object) -> Key:
    return Key("ada", "ssh-ed25519", "AAAA", "SHA256:x", **{"admin": False, "creates": False, "added": 0, **rights})  # type: ignore[arg-type]


ADMIN, MAKER, USER = key(admin=True), key(creates=True, apps=("hello",)), key(apps=("hello", "shop"))
ELSEWHERE = ("init", "uninstall", "backup", "restore", "install-service", "edge", "allow")


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "/hello",
        "hello.git",
        "/hello.git",
        "hello/",
        "hello.git/",
        "/home/deploy/podshift/repositories/hello.git",
    ],
)
def test_an_app_s_name_in_each_of_its_spellings(text: str) -> None:
    assert app_name(HOME, text) == "hello"


@pytest.mark.parametrize(
    "text",
    [
        "", "/", ".", "..", "../hello", "hello/../shop", "/etc/passwd", "~/hello", "~deploy/hello", "Hello", "HELLO",
        "hello.GIT", "hello.git.git", "//hello", "/home/deploy/podshift/repositories/../hello", "hello\n", "$(id)",
        "hello hello", "/home/deploy/podshift/repositories/hello.git/hooks", "/home/deploy/other/repositories/a.git",
        "/home/deploy/podshift/repositorieshello",
        "-hello", "hello\0", "ä", "x" * 41, "hello'",
    ],
)  # fmt: skip
def test_no_other_path_names_an_app(text: str) -> None:
    with pytest.raises(PodshiftError, match="names no app"):
        app_name(HOME, text)


def test_the_table_is_of_commands_that_there_are() -> None:
    assert set(TABLE) <= set(COMMANDS)
    assert not set(ELSEWHERE) & set(TABLE)


@pytest.mark.parametrize("command", [name for name, scope in TABLE.items() if scope in (Scope.APP, Scope.MAKER)])
def test_a_command_for_an_app_takes_one(command: str) -> None:
    """Whose app it is, is seen by this very parameter."""
    found = GROUP.get_command(click.Context(GROUP), command)
    assert found
    assert [one.name for one in found.params if one.required][:1] == ["app"]


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_as_good_as_a_shell_is_nobody_s(command: str) -> None:
    for one in (ADMIN, MAKER, USER):
        assert not may_give(one, command)
        with pytest.raises(PodshiftError, match="cannot be done over SSH"):
            check(one, command, None)


def test_what_each_kind_of_key_may() -> None:
    given = {one.rights: {name for name in TABLE if may_give(one, name)} for one in (ADMIN, MAKER, USER)}
    admin, maker, user = given.values()
    assert admin == set(TABLE)
    assert admin - maker == {"up", "prune", "doctor", "keys", "notify"}
    assert maker - user == {"create", "destroy"}


@pytest.mark.parametrize(
    ("one", "app"), [(one, app) for one in (MAKER, USER) for app in ("other", "", "--all", "*", "hello,shop")]
)
def test_another_s_app_is_refused_in_the_same_words_whether_it_is_there(one: Key, app: str) -> None:
    for command in ("status", "events", "config", "run"):
        with pytest.raises(PodshiftError, match="ada may not use") as caught:
            check(one, command, app)
        assert "hello" in caught.value.hint


def test_its_own_app_is_not() -> None:
    for command, scope in TABLE.items():
        check(ADMIN, command, "whatever")
        if scope in (Scope.ANY, Scope.APP):
            check(USER, command, "shop")
    check(MAKER, "create", "new")
    check(MAKER, "destroy", "hello")
    with pytest.raises(PodshiftError, match="ada may not use 'shop'"):
        check(MAKER, "destroy", "shop")
    with pytest.raises(PodshiftError, match="needs an app"):
        check(ADMIN, "releases", None)


def test_of_the_environment_only_what_is_known_goes_on() -> None:
    kept = {
        "HOME": "/home/deploy", "PATH": "/usr/bin", "USER": "deploy", "TERM": "xterm", "XDG_RUNTIME_DIR": "/run/user/1",
        "https_proxy": "http://proxy:3128", "NO_PROXY": "localhost", "GIT_PROTOCOL": "version=2",
    }  # fmt: skip
    dropped = {
        "GIT_SSH_COMMAND": "id", "GIT_CONFIG_COUNT": "1", "PODSHIFT_KEY": "root", "PODSHIFT_HOME": "/x",
        "LD_PRELOAD": "x", "PYTHONPATH": "/x", "BASH_ENV": "/x", "ENV": "/x", "EDITOR": "id", "PAGER": "id",
        "CONTAINERS_CONF": "/x", "LC_ALL": "tr_TR", "SSH_ORIGINAL_COMMAND": "status", "IFS": "x",
        "HOMEX": "/x", "XPATH": "/x",
    }  # fmt: skip
    assert cleaned({**kept, **dropped, "LANG": "tr_TR"}) == {**kept, "LANG": "C.UTF-8"}
    assert "GIT_PROTOCOL" not in cleaned({"GIT_PROTOCOL": "version=2\nx"})


def test_a_push_does_not_wait_for_imports_that_it_does_not_need() -> None:
    code = "import sys; import podshift.access.__main__, podshift.access.git; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    unwanted = {"click", "sh", "git", "jinja2", "podshift.cli", "podshift.deploy", "podshift.engine"}
    assert not unwanted & set(done.stdout.split())
