"""Whatever is pushed gives a manifest whose every word is safe to pass on, or one error safe to print."""

from random import Random

import pytest

from podshift.errors import PodshiftError
from podshift.manifest import parse_manifest
from podshift.model import Manifest

NASTY = [
    *"\x00\x1b\r\n\t\u2028\u202e\ufeff\ud800\"'\\.,:;[]{}=#-/ é٣",
    *(
        '"""',
        "'''",
        "..",
        "[[",
        "--",
        "%[",
        "nan",
        "inf",
        "true",
        "1e999",
        "0x",
        "2024-13-45",
        "99999999999999999999",
    ),
    *("[web]", "[process.a]", "web.", "ready", "volumes", "command", "\\u0000", "\\n", "\\U0010FFFF"),
]
GOOD = """
[build]
context = "app"
args = { NODE_ENV = "production" }
[web]
command = ["gunicorn", "app:app"]
port = 8080
drain = "20s"
ready = { path = "/healthz", status = "200-299", timeout = "2m" }
memory = "512m"
volumes = { data = "/var/lib/app" }
[process.worker]
command = "python worker.py"
order = "stop-first"
"""
PROCFILE = "web: serve\nworker: work\nrelease: migrate\n"


def mangled(text: str, random: Random) -> str:
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.choice([0, 0, 1, 3, 20]))
        text = text[:start] + random.choice(NASTY) * random.choice([1, 1, 2, 50]) + text[end:]
    return text


def soup(random: Random) -> str:
    words = [*NASTY, *GOOD.split()]
    return "".join(random.choice(words) + random.choice(["", " ", "\n"]) for _ in range(random.randint(1, 40)))


def words_of(manifest: Manifest) -> list[str]:
    build = manifest.build
    words = [build.containerfile or "", build.context, build.target or "", *build.args, *build.args.values()]
    for process in manifest.processes.values():
        words += [process.name, *process.command, process.ready.path, process.memory or ""]
        words += [*process.volumes, *process.volumes.values()]
    return [*words, *manifest.release_command]


def outcome(toml_text: str, procfile_text: str) -> Manifest | PodshiftError:
    try:
        return parse_manifest(toml_text, procfile_text)
    except PodshiftError as error:
        return error


def check(toml_text: str, procfile_text: str) -> bool:
    """Whether it was accepted."""
    result = outcome(toml_text, procfile_text)
    if isinstance(result, PodshiftError):
        assert result.details
        assert all(line.isprintable() for line in result.lines())
        return False
    assert "web" in result.processes
    for word in words_of(result):
        assert len(word.splitlines()) <= 1
        assert b"\x00" not in word.encode()
    return True


@pytest.mark.parametrize("seed", range(8))
def test_junk_gives_a_manifest_or_one_error(seed: int) -> None:
    random = Random(seed)
    accepted = 0
    for _ in range(250):
        accepted += check(mangled(GOOD, random), mangled(PROCFILE, random))
        accepted += check(mangled(GOOD, random), PROCFILE)
        check(soup(random), soup(random))
    assert accepted, "the junk should not be so bad that nothing is ever accepted"
