"""Where options may stand: those of podshift, and those of a command that it passes on."""

import click
import pytest
from click.testing import CliRunner

from podshift.cli import GROUP
from podshift.cli.processes import exec_, run


def understood(command: click.Command, *words: str) -> dict[str, object]:
    return command.make_context("x", list(words)).params


@pytest.mark.parametrize(
    ("words", "process", "command"),
    [
        (("hello", "--", "ls"), "web", ("--", "ls")),
        (("hello", "ls", "-l"), "web", ("ls", "-l")),
        (("hello", "--process", "worker", "--", "ls"), "worker", ("--", "ls")),
        (("hello", "--process", "worker", "ls", "-l"), "worker", ("ls", "-l")),
        (("hello", "--process=worker", "--", "ls"), "worker", ("--", "ls")),
        (("--process", "worker", "hello", "--", "ls"), "worker", ("--", "ls")),
        (("--process=worker", "hello", "ls"), "worker", ("ls",)),
        (("hello", "--", "cmd", "--process", "x"), "web", ("--", "cmd", "--process", "x")),
        (("hello", "cmd", "--process", "x", "--", "-y"), "web", ("cmd", "--process", "x", "--", "-y")),
        (("hello", "--", "--process", "x"), "web", ("--", "--process", "x")),
        (("hello", "--", "--", "x"), "web", ("--", "--", "x")),
    ],
)
def test_options_of_exec_stand_anywhere_before_the_command(
    words: tuple[str, ...], process: str, command: tuple[str, ...]
) -> None:
    assert understood(exec_, *words) == {"app": "hello", "process": process, "command": command}


def test_run_has_none_but_knows_its_command_s() -> None:
    for words in (("hello", "cmd", "-x"), ("hello", "cmd", "--", "-x")):
        assert understood(run, *words) == {"app": "hello", "command": words[1:]}
    assert understood(run, "hello", "--", "-x") == {"app": "hello", "command": ("--", "-x")}


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        (exec_, ("hello", "--proces", "worker", "--", "ls"), "No such option"),
        (exec_, ("--proces", "worker", "hello", "--", "ls"), "No such option"),
        (run, ("hello", "--process", "worker", "--", "ls"), "No such option"),
        (run, ("hello", "-x"), "No such option"),
        (exec_, ("hello", "--process"), "Option '--process' requires an argument"),
        (exec_, ("hello",), "Missing argument"),
        (exec_, (), "Missing argument"),
    ],
)
def test_what_is_no_option_is_no_command_either(command: click.Command, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        understood(command, *words)
    assert says in caught.value.format_message()


def test_help_is_found_behind_the_app() -> None:
    assert "Usage: podshift exec" in CliRunner().invoke(GROUP, ["exec", "hello", "--help"], prog_name="podshift").output
