"""podshift containerfile: what it prints to be committed, and what it says when it prints nothing."""

from pathlib import Path

import pytest

from podshift.cli import GROUP
from podshift.errors import PodshiftError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PODSHIFT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


def printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    GROUP.main(["containerfile", str(folder)], standalone_mode=False)
    return capsys.readouterr().out.splitlines()


def refused(folder: Path) -> PodshiftError:
    with pytest.raises(PodshiftError) as error:
        GROUP.main(["containerfile", str(folder)], standalone_mode=False)
    return error.value


def test_the_containerfile_and_why(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "package.json").write_text('{"engines": {"node": "20"}}')
    (app / "Procfile").write_text("web: node web.js\n")
    lines = printed(app, capsys)
    assert lines[:3] == [
        "# What podshift recognised: Node 20, package.json",
        "# Node 20: engines.node asks for it",
        "FROM docker.io/library/node:20-bookworm-slim AS build",
    ]
    assert lines[-1] == 'CMD ["/bin/sh", "-c", "exec node web.js"]'


def test_the_base_images_of_the_installation_here(app: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir()
    (home / "settings.toml").write_text('package_index = "host"\nbase_images = { node = "localhost/node" }\n')
    (app / "package.json").write_text('{"main": "a.js"}')
    (app / "a.js").write_text("")
    (app / ".nvmrc").write_text("22\n")
    lines = printed(app, capsys)
    assert "# Note: .nvmrc asks for 22; the server's settings say localhost/node" in lines
    assert "FROM localhost/node" in lines
    assert any(line.startswith("RUN --mount=type=secret,id=npmrc,target=/root/.npmrc ") for line in lines)


def test_a_context_of_podshift_toml(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (app / "site").mkdir()
    (app / "site" / "index.html").write_text("")
    (app / "podshift.toml").write_text('[build]\ncontext = "site"\n')
    assert "# What podshift recognised: static site, index.html" in printed(app, capsys)


def test_a_containerfile_that_is_there_already(app: Path) -> None:
    (app / "Dockerfile").write_text("FROM x")
    assert refused(app).message == "Dockerfile is there already, and is what a push builds with"


def test_a_containerfile_that_is_named_and_not_there(app: Path) -> None:
    (app / "podshift.toml").write_text('[build]\ncontainerfile = "deploy/Containerfile"\n')
    assert "deploy/Containerfile" in refused(app).message


def test_nothing_known_and_what_was_looked_for(app: Path) -> None:
    error = refused(app)
    assert error.message == "there is no Containerfile or Dockerfile, and no kind of app that podshift knows"
    assert "package.json" in error.details[0]
