"""--json: of what is shown, and of nothing else."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from podshift.cli import GROUP


@pytest.mark.parametrize(
    "words", [("scale", "hello", "web=2"), ("config", "hello", "set", "K=V"), ("config", "hello", "unset", "K")]
)
def test_json_is_refused_where_the_answer_is_a_deploy_s_log(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PODSHIFT_HOME", str(tmp_path))
    done = CliRunner().invoke(GROUP, [*words, "--json"])
    assert done.exit_code == 2
    assert "--json shows what is there, and changes nothing" in done.output
