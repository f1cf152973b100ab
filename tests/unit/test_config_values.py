"""Config variables as they come from files and from standard input."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from podshift.cli import GROUP
from podshift.config import check_value, read_env_file
from podshift.errors import PodshiftError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "production.env"


def test_an_env_file_is_read_as_python_dotenv_reads_it(file: Path) -> None:
    file.write_text(
        "# comment\n\nexport A=1 # one\nB='two words'\nC=\"$A\\n\"\nD=\nE=\"first\nsecond\"\n'F'=x=y\n  A = again\n"
    )
    assert read_env_file(file) == {
        "A": "again", "B": "two words", "C": "$A\n", "D": "", "E": "first\nsecond", "F": "x=y",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (b"A=1\n\n# comment\n\nbad line\nB=2\n", ", line 5: no NAME=value", "quotes around a value of several lines"),
        (b'A="first\nsecond"\nB="never ends\n', ", line 3: no NAME=value", "quotes around a value of several lines"),
        (b"A=1\r\n\r\nbad line\r\n", ", line 3: no NAME=value", "quotes around"),
        (b"A=1\nB=x\0y\n", ", line 2: the value of B has a NUL in it", "base64"),
        (b'A=1\nB="x\ny\0"\n', ", line 2: the value of B has a NUL in it", "base64"),
        (b"A=1\n\nB\n", ", line 3: B without a value", "B= gives the empty value"),
        (b"A=1\n1B=2\n", ", line 2: '1B' is no name for a variable", "letters, digits and _"),
        (b"PORT=1\n", ", line 1: PORT is given by podshift", "set web.port"),
        (b"# nothing\n", " has no variables", "one NAME=value a line"),
        (b"", " has no variables", "one NAME=value a line"),
    ],
)
def test_a_file_that_is_refused_says_at_which_line(
    file: Path, text: bytes, says: str, hint: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(text)
    with pytest.raises(PodshiftError) as caught:
        read_env_file(file)
    assert caught.value.message.startswith(f"{file}{says}")
    assert hint in caught.value.hint
    assert not capsys.readouterr().err
    assert not caplog.records


def test_a_nul_is_refused_with_what_to_do() -> None:
    with pytest.raises(PodshiftError, match="the value of A has a NUL in it") as caught:
        check_value("A", "x\0")
    assert "base64" in caught.value.hint


def test_an_empty_standard_input_is_no_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PODSHIFT_HOME", str(tmp_path))
    done = CliRunner().invoke(GROUP, ["config", "hello", "set", "TOKEN"], input="")
    assert isinstance(done.exception, PodshiftError)
    assert done.exception.message == "standard input has no value for TOKEN"
    assert done.exception.hint == "TOKEN= sets the empty value"
