"""The look at the base images while git writes the tree: right for what is built in the end, or not used at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_source import commit, start_project

from podshift.deploy.build.containerfile import LARGEST
from podshift.deploy.build.origins import OriginsAhead
from podshift.engine import Engine, open_engine
from podshift.manifest import places
from podshift.model import Build
from podshift.settings import Settings
from podshift.source import TREE, Outside, Repository, kept_tree
from server.installation import PROGRAM

BASE = "localhost/podshift-python:latest"  # bin/setup makes it
GONE = "localhost/podshift-no-such-image"


class Deploys:
    """One app's deploys, one after the other, up to the point where the base images are looked at."""

    def __init__(self, folder: Path) -> None:
        self.project = start_project(folder / "project")
        self.repository = Repository(self.project / ".git")
        self.checkout = folder / "checkout"
        self.engine: Engine = open_engine(Settings(engine=PROGRAM))

    @contextmanager
    def ahead(self, build: Build | None = None, **files: str) -> Iterator[OriginsAhead]:
        """While the tree of a commit with these files stands there; the look began before git wrote it."""
        new = commit(self.project, files)
        build = build or Build()
        ahead = OriginsAhead(self.engine, build, self.checkout / TREE, places("", build))
        with kept_tree(self.repository, new, self.checkout, Outside()):
            yield ahead

    def deploy(self, **files: str) -> None:
        with self.ahead(**files):
            pass


@pytest.fixture
def deploys(tmp_path: Path) -> Deploys:
    return Deploys(tmp_path)


def test_the_first_deploy_has_nothing_to_go_by(deploys: Deploys) -> None:
    with deploys.ahead(Containerfile=f"FROM {BASE}\n") as ahead:
        assert (ahead.names, ahead.of((BASE,))) == ((), None)


def test_the_next_one_knows_of_the_same_base_images_already(deploys: Deploys) -> None:
    deploys.deploy(Containerfile=f"FROM {BASE}\n")
    with deploys.ahead(Containerfile=f"FROM {BASE}\nRUN true\n", other="changed") as ahead:
        assert ahead.of((BASE,)) == deploys.engine.image_origins((BASE,))
        assert ahead.of((BASE, GONE)) is None
        assert ahead.of(()) is None


def test_a_commit_that_changes_its_base_image_gets_no_answer_about_the_old_one(deploys: Deploys) -> None:
    deploys.deploy(Containerfile=f"FROM {BASE}\n")
    with deploys.ahead(Containerfile=f"FROM {GONE}\n") as ahead:
        assert (ahead.names, ahead.of((GONE,))) == ((BASE,), None)


def test_an_image_that_is_not_here_is_left_to_the_look_that_can_pull_it(deploys: Deploys) -> None:
    deploys.deploy(Containerfile=f"FROM {GONE}\n")
    with deploys.ahead(Containerfile=f"FROM {GONE}\n") as ahead:
        assert (ahead.names, ahead.of((GONE,))) == ((GONE,), None)


def test_build_arguments_are_those_of_the_new_commit(deploys: Deploys) -> None:
    text = f"ARG BASE={GONE}\nFROM $BASE\n"
    deploys.deploy(Containerfile=text)
    with deploys.ahead(Build(args={"BASE": BASE}), Containerfile=text) as ahead:
        assert ahead.of((BASE,)) == deploys.engine.image_origins((BASE,))


@pytest.mark.parametrize("text", ["FROM\n", f"FROM {BASE}\nADD http://example.com/x /\n", "# " * LARGEST])
def test_what_cannot_be_examined_is_not_asked_about(deploys: Deploys, text: str) -> None:
    deploys.deploy(Containerfile=text)
    with deploys.ahead(Containerfile=f"FROM {BASE}\n") as ahead:
        assert (ahead.names, ahead.of((BASE,))) == ((), None)


def test_a_link_in_the_last_tree_leads_to_no_file_of_the_server(deploys: Deploys, tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text(f"FROM {BASE}\n")
    deploys.deploy(other="1")
    (deploys.project / "Containerfile").symlink_to(tmp_path / "Containerfile")
    deploys.deploy(other="2")
    with deploys.ahead(other="3") as ahead:
        assert ahead.names == ()
