"""The README names everything that there is to type and to write, and its examples are good."""

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from podshift.cli import GROUP
from podshift.cli.command import COMMANDS
from podshift.manifest import document, parse_manifest
from podshift.manifest.document import READY
from podshift.model import Edge
from podshift.receive.options import OPTIONS
from podshift.settings import Home, Settings, load_settings

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
TOML = [text for kind, text in BLOCKS if kind == "toml"]
EXAMPLES = [text for text in TOML if not text.startswith("# settings.toml\n")]
SHELL_LINES = [
    line
    for kind, text in BLOCKS
    if kind == "sh"
    for line in text.replace("\\\n", " ").splitlines()
    if line.startswith("podshift ")
]
KEYS = {
    "build": set(document.BUILD),
    "release": {"command"},
    "web": set(document.WEB),
    "process": set(document.OTHER),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_line(command: str) -> None:
    assert re.search(rf"^\| `podshift {command}\b", README, re.MULTILINE)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_push_option_has_its_line(option: str) -> None:
    assert re.search(rf"^\| `git push -o {option}\b", README, re.MULTILINE)


@pytest.mark.parametrize(("table", "key"), [(table, key) for table, keys in KEYS.items() for key in sorted(keys)])
def test_every_key_of_podshift_toml_is_in_an_example(table: str, key: str) -> None:
    assert any(re.search(rf"^{key} = ", part, re.MULTILINE) for part in parts(table))


@pytest.mark.parametrize("key", list(READY))
def test_every_key_of_a_readiness_check_is_in_an_example(key: str) -> None:
    assert any(re.search(rf"^ready = .*\b{key} = ", part, re.MULTILINE) for part in parts("web"))


def parts(table: str) -> list[str]:
    """What the examples say below the header of a table."""
    return re.findall(rf"^\[{table}[^\]]*\](.*?)(?=^\[|\Z)", "\n".join(EXAMPLES), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_of_podshift_toml_are_valid(text: str) -> None:
    parse_manifest(text)


def test_the_example_of_settings_is_valid_and_whole(tmp_path: Path) -> None:
    (text,) = (text for text in TOML if text.startswith("# settings.toml\n"))
    home = Home(tmp_path)
    home.settings_file.write_text(text)
    load_settings(home)
    names = tomllib.loads(text)
    assert names["edge"].keys() == set(Edge._fields)
    assert names.keys() == set(Settings._fields)


@pytest.mark.parametrize("line", SHELL_LINES)
def test_commands_to_type_are_understood(line: str) -> None:
    name, *words = shlex.split(line, comments=True)[1:]
    context = click.Context(GROUP)
    command = GROUP.get_command(context, name)
    assert command, f"there is no podshift {name}"
    command.make_context(name, words, parent=context)


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", README)) <= anchors


def test_files_that_it_names_are_there() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"`((?:bin|templates|hooks|tests)/[\w./-]*)`", README)
    assert named
    assert [name for name in named if not (root / name).exists() and name != "templates/"] == []
