"""What a tree is recognised as, by its files; the tables read like the README's."""

import json
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.recognise import FolderTree, Recognised, could_be_known, recognise

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
Files = dict[str, str]


@pytest.fixture
def tree(tmp_path: Path) -> FolderTree:
    return FolderTree(tmp_path)


def written(tree: FolderTree, files: Files) -> FolderTree:
    for name, text in files.items():
        path = tree.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def recognised(tree: FolderTree, files: Files, *command: str) -> Recognised:
    return recognise(written(tree, files), command)


PYTHON = [
    ({"requirements.txt": "Flask", "app.py": FLASK}, "Python 3.13, requirements.txt, gunicorn app:app"),
    ({"requirements.txt": "", ".python-version": "3.12.4\n", "wsgi.py": "application = 1"},
     "Python 3.12, requirements.txt, gunicorn wsgi:application"),
    ({"requirements.txt": "", "runtime.txt": "python-3.11.9", "app/main.py": "app = FastAPI()\n"},
     "Python 3.11, requirements.txt, uvicorn app.main:app"),
    ({"pyproject.toml": '[project]\nrequires-python = "<3.12"', "uv.lock": "", "main.py": "api: X = fastapi.FastAPI("},
     "Python 3.11, uv.lock, uvicorn main:api"),
    ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3"', "poetry.lock": "", "asgi.py": "app = Starlette()"},
     "Python 3.13, poetry.lock, uvicorn asgi:app"),
    ({"Pipfile": '[requires]\npython_version = "3.10"', "app.py": "def create_app():\n"},
     "Python 3.10, Pipfile, gunicorn 'app:create_app()'"),
    ({"requirements.txt": "fastapi", "main.py": "def create_app():\n"},
     "Python 3.13, requirements.txt, uvicorn --factory main:create_app"),
    ({"requirements.txt": "", "manage.py": 'x("DJANGO_SETTINGS_MODULE", "site.settings.prod")', "site/wsgi.py": ""},
     "Python 3.13, requirements.txt, gunicorn site.wsgi"),
    ({"requirements.txt": "", "manage.py": "x('DJANGO_SETTINGS_MODULE', 'a.settings')", "a/asgi.py": ""},
     "Python 3.13, requirements.txt, uvicorn a.asgi:application"),
    ({"requirements.txt": "aiohttp", "app.py": 'app = web.Application()\nif __name__ == "__main__": x["PORT"]'},
     "Python 3.13, requirements.txt, python3 app.py"),
]  # fmt: skip
NODE = [
    ({"package.json": '{"scripts": {"start": "node server.js"}}'}, "Node 24, package.json, start script"),
    ({"package.json": '{"main": "./lib/a.js", "engines": {"node": "18 || 20"}}', "lib/a.js": "", "yarn.lock": ""},
     "Node 20, yarn.lock, node lib/a.js"),
    ({"package.json": "{}", "server.js": "", ".nvmrc": "lts/iron\n"}, "Node 20, package.json, node server.js"),
    ({"package.json": "{}", "server.js": "", ".nvmrc": "v22.1.0", "package-lock.json": ""},
     "Node 22, package-lock.json, node server.js"),
    ({"package.json": '{"scripts": {"build": "x"}}', "pnpm-lock.yaml": ""},
     "Node 24, pnpm-lock.yaml, build script, static site"),
    ({"package.json": '{"scripts": {"build": "x", "start": "react-scripts start"}}', "index.html": ""},
     "Node 24, package.json, build script, static site"),
    ({"package.json": '{"scripts": {"build": "x", "start": "next start"}}'}, "Node 24, package.json, start script"),
]  # fmt: skip
OTHERS = [
    ({"index.html": ""}, "static site, index.html"),
    ({"go.mod": "module example.com/a/b/v2\n\ngo 1.22.3\n", "main.go": "package main"}, "Go 1.22, go.mod, go build ."),
    ({"go.mod": "module x\n", "cmd/web/m.go": "", "cmd/tool/m.go": ""}, "Go 1.25, go.mod, go build ./cmd/web"),
    ({"Gemfile": 'ruby "3.2.2"\ngem "rails"'}, "Ruby 3.2.2, Gemfile, rails server"),
    ({"Gemfile": 'gem "puma"', "Gemfile.lock": " ", "config.ru": "", ".ruby-version": "ruby-3.3.1"},
     "Ruby 3.3.1, Gemfile.lock, puma"),
    ({"Gemfile": 'ruby "~> 3.1"', "config.ru": ""}, "Ruby 3.1, Gemfile, rackup"),
    ({"index.php": ""}, "PHP 8.4, index.php, Apache, index.php"),
    ({"composer.json": '{"require": {"php": "^7.4|^8.0"}}', "public/index.php": ""},
     "PHP 8.4, composer.json, Apache, public/index.php"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "summary"), PYTHON + NODE + OTHERS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_recognised(tree: FolderTree, files: Files, summary: str) -> None:
    found = recognised(tree, files)
    assert found.summary == summary
    assert could_be_known(tree.names())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no kind of app that podshift knows"),
        ({"README.md": ""}, "no kind of app that podshift knows"),
        ({"requirements.txt": "flask", "tool.py": ""}, "this is a Python app"),
        ({"pyproject.toml": "[tool.ruff]"}, "no kind of app"),
        ({"pyproject.toml": "no toml"}, "no kind of app"),
        ({"pyproject.toml": "project = 1\ntool = 2"}, "no kind of app"),
        ({"package.json": "{}"}, "this is a Node app"),
        ({"package.json": "[]"}, "package.json cannot be read"),
        ({"package.json": "[" * 100_000}, "package.json cannot be read"),
        ({"package.json": '{"main": "../../etc/a.js", "scripts": 3}'}, "this is a Node app"),
        ({"go.mod": "", "cmd/a/m.go": "", "cmd/b/m.go": ""}, "this is a Go app"),
        ({"Gemfile": 'gem "jekyll"', "index.html": ""}, "this is a Ruby app"),
        ({"composer.json": "{}"}, "this is a PHP app"),
    ],
)
def test_what_is_not_recognised_and_what_was_looked_for(tree: FolderTree, files: Files, says: str) -> None:
    with pytest.raises(PodshiftError) as error:
        recognised(tree, files)
    assert says in error.value.message
    assert error.value.hint
    assert "PHP" in says or "cannot be read" in says or "looked for" in error.value.details[0]


def test_the_repository_s_own_command_goes_first(tree: FolderTree) -> None:
    found = recognised(tree, {"requirements.txt": ""}, "/bin/sh", "-c", "python3 x.py\tü")
    assert found.command_array == '["/bin/sh", "-c", "python3 x.py\\t\\u00fc"]'
    assert found.summary == "Python 3.13, requirements.txt"


@pytest.mark.parametrize(
    ("scripts", "command"),
    [
        ('"start": "node --enable-source-maps dist/x.js"', ("node", "--enable-source-maps", "dist/x.js")),
        ('"start": "next start -p $PORT"', ("/bin/sh", "-c", "exec next start -p $PORT")),
        ('"start": "A=1 node x.js"', ("/bin/sh", "-c", "exec env A=1 node x.js")),
        ('"prestart": "migrate", "start": "node x.js"', ("/bin/sh", "-c", "migrate && exec node x.js")),
        ('"start": "a; b | c"', ("/bin/sh", "-c", "a; b | c")),
        ('"start": "node -e \\"a && b\\""', ("/bin/sh", "-c", 'node -e "a && b"')),
        ('"start": "x --v=$npm_package_version"', ("npm", "start")),
    ],
)
def test_the_program_itself_gets_the_signals(tree: FolderTree, scripts: str, command: tuple[str, ...]) -> None:
    assert recognised(tree, {"package.json": f'{{"scripts": {{{scripts}}}}}'}).command == command


def test_a_package_json_beside_another_language_is_told_of(tree: FolderTree) -> None:
    (note,) = recognised(tree, {"requirements.txt": "", "app.py": FLASK, "package.json": "{}"}).notes
    assert "package.json is not built" in note


def test_an_extension_that_is_not_added_is_told_of(tree: FolderTree) -> None:
    found = recognised(tree, {"index.php": "", "composer.json": '{"require": {"ext-gd": "*", "ext-pdo_mysql": "*"}}'})
    assert found.values["extensions"] == ("pdo_mysql",)
    assert "ext-gd is not added" in found.notes[0]


def test_a_tool_in_a_subproject_is_no_server_of_another(tree: FolderTree) -> None:
    """The dependencies of a Node app's scripts are not the app: what cannot be started gives way."""
    files = {"requirements.txt": "black", "package.json": '{"scripts": {"start": "node x.js"}}'}
    assert recognised(tree, files).kind == "node"


def test_no_link_is_followed_and_nothing_long_is_read(
    tree: FolderTree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "app.py").write_text(FLASK)
    written(tree, {"requirements.txt": "", "wsgi.py": FLASK + "#" * 300_000, "main.py": ""})
    (tree.folder / "app.py").symlink_to(outside / "app.py")
    (tree.folder / "src").symlink_to(outside)
    (tree.folder / "asgi.py").mkdir()
    (tree.folder / "server.py").write_bytes(b"\xff" + FLASK.encode())
    with pytest.raises(PodshiftError):
        recognise(tree)
    assert tree.text("../outside0/app.py") is None
    assert tree.names("..") == frozenset()


@pytest.mark.parametrize(
    ("files", "note", "number"),
    [
        ({"requirements.txt": "", "app.py": FLASK, ".python-version": "three", "runtime.txt": "3.11"},
         ".python-version names no version", "3.11"),
        ({"package.json": "{}", "server.js": "", ".nvmrc": "lts/nonsense"}, ".nvmrc names no version", "24"),
        ({"Gemfile": 'gem "puma"', "config.ru": "", ".ruby-version": "jruby"}, ".ruby-version names no version", "3.4"),
    ],
)  # fmt: skip
def test_a_version_that_cannot_be_read_is_told(tree: FolderTree, files: Files, note: str, number: str) -> None:
    found = recognised(tree, files)
    assert [one for one in found.notes if note in one]
    assert found.version.number == number


@pytest.mark.parametrize(
    ("package", "install", "production", "prune"),
    [
        ("yarn@4.5.3", "yarn install --immutable", "focus", "focus"),
        ("yarn@3.8.7", "yarn install --immutable", "install", ""),
        ("yarn@1.22.22", "yarn install --frozen-lockfile", "--production", "--production"),
    ],
)
def test_each_yarn_in_its_own_words(
    tree: FolderTree, package: str, install: str, production: str, prune: str
) -> None:  # fmt: skip
    text = json.dumps({"packageManager": package, "main": "a.js"})
    manager = recognised(tree, {"package.json": text, "a.js": "", "yarn.lock": ""}).values["manager"]
    assert manager.everything == install
    assert production in manager.production
    assert prune in manager.prune
    assert bool(prune) == bool(manager.prune)
    assert bool(manager.environment) == (package != "yarn@1.22.22")


def test_the_libraries_of_gems(tree: FolderTree) -> None:
    lock = "GEM\n  specs:\n    pg (1.5.6)\n    ruby-vips (2.2)\n"
    found = recognised(tree, {"Gemfile": 'gem "rails"', "Gemfile.lock": lock})
    assert found.values["libraries"] == {
        "build": ("libpq-dev", "libyaml-dev"), "run": ("libpq5", "libyaml-0-2", "libvips42"),
    }  # fmt: skip


def test_apps_in_folders_are_named(tree: FolderTree) -> None:
    files = {
        "README.md": "",
        "services/api/requirements.txt": "",
        "web/package.json": "",
        "node_modules/a/index.js": "",
    }
    with pytest.raises(PodshiftError) as error:
        recognised(tree, {**files, "x;y/index.html": "", "a/b/c/index.html": ""})
    assert error.value.details[1:] == (
        "there is an app in web (package.json)", "there is an app in services/api (requirements.txt)",
    )  # fmt: skip
    assert error.value.hint.startswith("an app in a folder: podshift create APP --path web;")


def test_composer_packages_in_the_repository_are_there_when_they_are_installed(tree: FolderTree) -> None:
    own = json.dumps({"repositories": [{"type": "path", "url": "packages/*"}]})
    assert recognised(tree, {"composer.json": own, "index.php": ""}).values["whole"]
    other = json.dumps({"repositories": {"a": {"type": "composer", "url": "https://example.com"}}})
    assert not recognised(tree, {"composer.json": other, "index.php": ""}).values["whole"]


@pytest.mark.parametrize("names", [("requirements.txt", "app.py"), ("Gemfile", "Gemfile.lock")])
def test_empty_lines_take_no_time(tree: FolderTree, names: tuple[str, ...]) -> None:
    assert recognised(tree, dict.fromkeys(names, "\n" * 256 * 1024), "x").command == ("x",)
