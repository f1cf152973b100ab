"""What a build gets of this machine's package indexes: what a container can use, in files for this user alone."""

import stat
from pathlib import Path

import pytest

from podshift.deploy.build import packageindex
from podshift.deploy.build.packageindex import go_env, host_secrets, npmrc, pip_conf


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it, and none of the machine's own words."""
    for name in ("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setattr(packageindex, "SYSTEM", tmp_path / "etc")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_the_user_s_pip_goes_before_the_system_s_and_the_environment_before_both(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(machine, "etc/pip.conf", "[global]\nindex-url = https://system.example/simple\ntrusted-host = a\ncert = /x\n")
    write(machine, ".config/pip/pip.conf", "[install]\nindex-url = https://user.example/simple\n")
    assert "index-url = https://user.example/simple\n" in pip_conf()
    assert "trusted-host = a\n" in pip_conf()
    assert "cert = /run/secrets/certificates\n" in pip_conf()
    monkeypatch.setenv("PIP_INDEX_URL", "https://shell.example/simple")
    assert "index-url = https://shell.example/simple\n" in pip_conf()


def test_folders_of_this_machine_are_left_out(machine: Path) -> None:
    write(machine, "etc/pip.conf", "[global]\nextra-index-url = file:///opt/a https://b.example/simple\n  /opt/c\n")
    assert "extra-index-url = https://b.example/simple\n" in pip_conf()


def test_a_file_that_is_no_pip_conf_is_as_if_it_were_not_there(machine: Path) -> None:
    write(machine, "etc/pip.conf", "no section\n")
    assert pip_conf() == "[global]\ncert = /run/secrets/certificates\n"


def test_npm_s_registries_and_their_tokens_and_nothing_else(machine: Path) -> None:
    said = ["registry=https://n.example/", "//n.example/:_authToken=abc", "@a:registry=https://a.example/"]
    write(machine, ".npmrc", "\n".join([*said, "prefix=/opt", "cafile=/opt/x", ""]))
    assert npmrc().splitlines() == [*said, "cafile=/run/secrets/certificates"]


def test_go_s_own_file_and_the_environment(machine: Path) -> None:
    write(machine, ".config/go/env", "GOPROXY=https://g.example\n")
    assert go_env({"GONOSUMDB": "*", "HOME": "x"}) == "GOPROXY=https://g.example\nGONOSUMDB=*\n"


def test_the_files_are_for_this_user_alone(tmp_path: Path) -> None:
    files = host_secrets(tmp_path / "beside")
    own = {name: path for name, path in files.items() if name != "certificates"}
    assert set(own) == {"pip.conf", "npmrc", "go.env", "bundle"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in own.values()} == {0o600}
    assert stat.S_IMODE((tmp_path / "beside" / "index").stat().st_mode) == 0o700
