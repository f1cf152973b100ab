"""A Procfile serves where podshift.toml says nothing."""

import pytest

from podshift.errors import PodshiftError
from podshift.manifest import parse_manifest

PROCFILE = "# ours\r\nweb: gunicorn app:app --bind :$PORT\r\n\r\nworker: python worker.py\nrelease:./migrate\n"


def shell(line: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", line)


def test_a_procfile_alone() -> None:
    manifest = parse_manifest(None, PROCFILE)
    assert manifest.web.command == shell("gunicorn app:app --bind :$PORT")
    assert manifest.processes["worker"].command == shell("python worker.py")
    assert manifest.release_command == shell("./migrate")
    assert list(manifest.processes) == ["web", "worker"]


def test_the_table_wins_and_the_procfile_fills_in() -> None:
    manifest = parse_manifest('[web]\ncommand = ["app"]\n[process.worker]\nreplicas = 3\n', PROCFILE)
    assert manifest.web.command == ("app",)
    assert manifest.processes["worker"].replicas == 3
    assert manifest.processes["worker"].command == shell("python worker.py")
    assert manifest.release_command == shell("./migrate")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("web gunicorn", 'Procfile line 1: must be like `web: COMMAND`, not "web gunicorn"'),
        ("\nweb:", 'Procfile line 2: "web" has no command'),
        ("web: a\nweb: b", 'Procfile line 2: "web" is there twice'),
        ("web: a\x00", 'Procfile line 1: "web" must be one line without control characters, not "a\\x00"'),
        (
            "Web: a",
            'Procfile line 1: "Web" is no good name; use 1 to 30 lowercase letters, digits and hyphens, a letter first',
        ),
        ("run: x", 'Procfile line 1: "run" is no good name; what `podshift run` starts has it'),
        ("#" * 65_537, "Procfile: must not be larger than 64 KiB"),
    ],
)
def test_a_bad_procfile(text: str, error: str) -> None:
    with pytest.raises(PodshiftError) as caught:
        parse_manifest(None, text)
    assert caught.value.details == (error,)
    assert caught.value.message == "Procfile has 1 error"


def test_errors_of_both_files_at_once() -> None:
    with pytest.raises(PodshiftError) as caught:
        parse_manifest("[process.worker]\nreplicas = -1\n", "oops\nworker: w")
    assert caught.value.lines() == [
        "  process.worker.replicas: must be a whole number from 0 to 50, not -1",
        '  Procfile line 1: must be like `web: COMMAND`, not "oops"',
        "error: podshift.toml and Procfile have 2 errors",
        "hint: correct podshift.toml and Procfile, commit, and push again",
    ]
