"""podshift init-app, as a developer types it in a checkout."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from podshift.manifest import parse_manifest
from podshift.manifest.document import BUILD, WEB
from server.installation import PODSHIFT

URL = "deploy@server:hello"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def init_app(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PODSHIFT_HOME": str(checkout.parent / "home")}
    return subprocess.run(
        [PODSHIFT, "init-app", *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60
    )


def remotes(checkout: Path) -> str:
    return subprocess.run(["git", "remote", "-v"], cwd=checkout, capture_output=True, text=True, check=True).stdout


def test_a_known_app_gets_all_it_needs(checkout: Path) -> None:
    (checkout / "index.html").write_text("<h1>hello</h1>")
    done = init_app(checkout, "--containerfile", "--remote", URL)
    assert done.returncode == 0, done.stderr
    assert "as podshift recognises it: static site, index.html" in done.stdout
    assert "FROM" in (checkout / "Containerfile").read_text()
    assert remotes(checkout).splitlines()[0] == f"production\t{URL} (fetch)"
    again = init_app(checkout)
    assert (again.returncode, again.stderr.splitlines()[0]) == (1, "error: podshift.toml is there already")


def test_every_key_of_the_written_file_is_valid_and_none_is_missing(checkout: Path) -> None:
    assert init_app(checkout).returncode == 0
    text = (checkout / "podshift.toml").read_text()
    parse_manifest(text)
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    manifest = parse_manifest(uncommented)
    assert manifest.web.volumes == {"data": "/data"}
    assert list(manifest.processes) == ["web", "worker"]
    for table, keys in (("build", BUILD), ("web", WEB)):
        section = uncommented.partition(f"[{table}]")[2].partition("\n[")[0]
        assert set(re.findall(r"^(\w+) = ", section, re.MULTILINE)) == set(keys)


def test_nothing_is_overwritten_or_half_done(checkout: Path) -> None:
    (checkout / "Dockerfile").write_text("FROM scratch\n")
    done = init_app(checkout, "--containerfile", "--remote", URL)
    assert "error: Dockerfile is there already" in done.stderr
    assert sorted(path.name for path in checkout.iterdir()) == [".git", "Dockerfile"]
    assert remotes(checkout) == ""
    assert init_app(checkout, "--remote", URL).returncode == 0
    (checkout / "podshift.toml").unlink()
    assert "there is a remote production already" in init_app(checkout, "--remote", "other@server:hello").stderr
    assert not (checkout / "podshift.toml").exists()


@pytest.mark.parametrize("url", ["", "--upload-pack=touch x", "a b", "a\nb"])
def test_what_is_no_url_is_refused(checkout: Path, url: str) -> None:
    assert "is no URL to push to" in init_app(checkout, f"--remote={url}").stderr
    assert remotes(checkout) == ""


def test_what_is_still_to_do_is_said(checkout: Path) -> None:
    subprocess.run(["git", "symbolic-ref", "HEAD", "refs/heads/master"], cwd=checkout, check=True, capture_output=True)
    (checkout / "package.json").write_text('{"dependencies": {}}')
    done = init_app(checkout)
    assert "A push cannot be built as it is: this is a Node app (package.json)" in done.stdout
    assert 'hint: say it in package.json: "scripts": {"start": "node server.js"}' in done.stdout
    assert done.stdout.splitlines()[-1] == (
        "next: commit, add the remote that `podshift create APP` prints on the server, and git push production "
        "master:main"
    )
    (checkout / "podshift.toml").unlink()
    assert init_app(checkout, "--remote", URL).stdout.endswith("next: commit, and git push production master:main\n")
