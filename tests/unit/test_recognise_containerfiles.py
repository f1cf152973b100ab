"""The Containerfiles of the apps that get pushed, word for word; and that no text of an app becomes a line of one.

When a template changes on purpose: `PODSHIFT_GOLDEN=write pytest tests/unit/test_recognise_containerfiles.py`, and read
what git says has changed.
"""

import os
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from podshift.manifest import parse_manifest
from podshift.manifest.containerfile import examine
from podshift.recognise import FolderTree, recognise
from podshift.render import render_containerfile
from podshift.settings import BASE_IMAGES, PACKAGE_INDEXES

TESTS = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "containerfiles"
APPS = sorted(
    path.name
    for path in (TESTS / "apps").iterdir()
    if not any((path / name).exists() for name in ("Containerfile", "Dockerfile"))
)
# Lock files that name a machine's indexes, or its distribution's versions: tests make them where they need them.
LOCKS = {"uv-lock": "uv.lock", "ruby-rails": "Gemfile.lock"}
# What installs nothing, and Composer, of whose configuration a machine has none to give.
NO_INDEX = ("static-index", "php-index", "php-composer")
INSTRUCTION = re.compile(r"(FROM|WORKDIR|ENV|RUN|COPY|EXPOSE|USER|CMD|STOPSIGNAL) \S.*|# .*|")


def rendered(app: str, index: str = "none") -> str:
    with TemporaryDirectory() as folder:
        place = Path(shutil.copytree(TESTS / "apps" / app, Path(folder) / app))
        if app in LOCKS:
            (place / LOCKS[app]).write_text("GEM\n  specs:\n    sprockets-rails (3.4.1)\n")
        return rendered_in(FolderTree(place), index)


def rendered_in(tree: FolderTree, index: str) -> str:
    manifest = parse_manifest(tree.text("podshift.toml"), tree.text("Procfile"))
    found = recognise(FolderTree(tree.folder / manifest.build.context), manifest.web.command)
    return f"# {found.summary}\n{render_containerfile(found, BASE_IMAGES, host_index=index == 'host')}"


@pytest.mark.parametrize("app", APPS)
def test_the_containerfile_of_an_app(app: str) -> None:
    golden = GOLDEN / app
    if os.environ.get("PODSHIFT_GOLDEN") == "write":
        golden.write_text(rendered(app))
    assert rendered(app) == golden.read_text()


@pytest.mark.parametrize("index", PACKAGE_INDEXES)
@pytest.mark.parametrize("app", APPS)
def test_every_line_is_an_instruction_and_the_last_the_command(app: str, index: str) -> None:
    lines = rendered(app, index).splitlines()
    assert [line for line in lines if not INSTRUCTION.fullmatch(line)] == []
    assert re.fullmatch(r'CMD \["[^\n]*"\]', lines[-1])
    assert any(line.startswith("USER ") for line in lines[-4:])
    mounts = [line for line in lines if "--mount=type=secret" in line]
    assert bool(mounts) == (index == "host" and app not in NO_INDEX)


@pytest.mark.parametrize("index", PACKAGE_INDEXES)
@pytest.mark.parametrize("app", APPS)
def test_what_a_pushed_containerfile_may_ask_for_is_enough(app: str, index: str) -> None:
    assert examine(rendered(app, index), {}).caches == ()


HOSTILE = "x\\\nRUN touch /owned\n$(touch /owned) `x` ${PATH} \r\u2028 <<EOF"


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": HOSTILE, ".python-version": f"3.11\n{HOSTILE}", "app.py": f"app = Flask()\n{HOSTILE}"},
        {"pyproject.toml": '[project]\nname = "a\\nRUN b"\nrequires-python = ">=3\\nRUN c"', "app.py": "app = Flask()"},
        {"package.json": '{"main": "a\\nRUN b.js", "scripts": {"start": "a\\nRUN b"}}', "server.js": ""},
        {"package.json": '{"packageManager": "pnpm@9\\nRUN a", "engines": {"node": "20\\nRUN b"}}', "server.js": ""},
        {"package.json": '{"scripts": {"start": "node x \\u2028 && echo \'\\"]\' \\\\"}}'},
        {"go.mod": f"module a/{HOSTILE}\ngo 1.22\n", "main.go": "package main"},
        {"go.mod": "module a/b;touch\ngo 1.22", "cmd/x y;RUN/m.go": "", "cmd/server/m.go": ""},
        {"Gemfile": f'ruby "3.2\nRUN x"\ngem "puma"\n{HOSTILE}', "config.ru": ""},
        {"composer.json": '{"require": {"php": "8\\nRUN x", "ext-a\\nRUN": "*", "ext-pcntl": "*"}}', "index.php": ""},
        {"requirements.txt": "", "manage.py": "x('DJANGO_SETTINGS_MODULE', 'a.$(x).settings')", "app.py": "app = 1"},
    ],
)
def test_no_text_of_an_app_becomes_an_instruction(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for command in ((), ("/bin/sh", "-c", HOSTILE)):
        found = recognise(FolderTree(tmp_path), command)
        text = render_containerfile(found, BASE_IMAGES)
        assert [line for line in text.splitlines() if not INSTRUCTION.fullmatch(line)] == []
        before = "\n".join(line for line in text.splitlines() if not line.startswith("CMD "))
        assert "touch" not in before
        assert "RUN x" not in text.replace(found.command_array, "")
        assert text.count("\nFROM ") + text.startswith("FROM ") <= 2
        assert "\n" not in found.summary
