"""What a person is told of something that should not have happened."""

from pathlib import Path

from podshift.deploy.release.background import as_bug
from podshift.settings import Home


def test_the_story_of_a_bug_is_kept_and_named(tmp_path: Path) -> None:
    error = as_bug(Home(tmp_path), KeyError("x"))
    (kept,) = (tmp_path / "errors").iterdir()
    assert "KeyError: 'x'" in kept.read_text()
    assert error.hint == f"the whole story is in {kept}"


def test_a_story_that_could_not_be_kept_is_not_promised(tmp_path: Path) -> None:
    (tmp_path / "errors").touch()
    assert as_bug(Home(tmp_path), KeyError("x")).hint == f"its story could not be written to {tmp_path}/errors"
