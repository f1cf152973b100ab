"""SSH as the only door: a real sshd, an ordinary user, and a team whose keys podshift keeps."""

import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.hostile import HOSTILE
from server.installation import created, ready
from server.lfs import pointer
from server.person import Person, share_connections
from server.remote import RemoteServer
from server.user import equip, ordinary_user

ANEW = ("-o", "ControlPath=none")  # not through a connection that is there already

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make an ordinary user and their sshd")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteServer]:
    with ordinary_user(tmp_path_factory.mktemp("keys")) as user:
        equip(user)
        share_connections(user)
        with ready(RemoteServer.of(user)) as server:
            yield server
        assert "podshift" not in authorized_keys(server).read_text().replace(user.name, "")


@pytest.fixture(scope="module")
def ada(server: RemoteServer) -> Iterator[Person]:
    """An admin."""
    with let_in(server, "ada", "--admin") as person:
        yield person


@contextmanager
def let_in(server: RemoteServer, name: str, *rights: str) -> Iterator[Person]:
    person = Person.of(server.user, name)
    server.podshift("keys", "add", name, *rights, stdin=None, input=person.public)
    try:
        yield person
    finally:
        server.podshift("keys", "remove", name, check=False)


def authorized_keys(server: RemoteServer) -> Path:
    return server.user.home / ".ssh" / "authorized_keys"


def address(server: RemoteServer) -> str:
    return f"{server.user.name}@server"


def test_a_first_push_makes_the_app_and_who_pushed_is_told(server: RemoteServer, tmp_path: Path) -> None:
    name = f"app-{secrets.token_hex(3)}"
    with let_in(server, "bob", "--create") as bob, let_in(server, "eve", "--create") as eve:
        checkout = bob.checkout(tmp_path / "checkout")
        checkout.git("remote", "add", "production", f"{address(server)}:{name}")
        try:
            (server.home / "templates" / name).mkdir()
            left = bob.ssh("create", name).stderr
            assert f"an earlier app {name} has left templates/{name}" in left
            (server.home / "templates" / name).rmdir()
            nothing = bob.ssh("git-upload-pack", name)
            assert "the first push makes it" in nothing.stderr
            pushed = checkout.git_said("push", "production", "main")
            assert f"{name} is new, and was made for this push; it will answer at http://{name}.localhost" in pushed
            assert '"First", pushed by bob' in pushed
            assert server.get(f"{name}.localhost") == (200, "hello from v1\n")
            assert [one["by"] for one in json.loads(bob.ssh("releases", name, "--json").stdout)] == ["bob"]
            events = json.loads(bob.ssh("events", "--json").stdout)
            assert [(one["app"], one["kind"], one["by"]) for one in events] == [
                (name, "create", "bob"), (name, "deploy", "bob"),
            ]  # fmt: skip
            assert "pushed by bob" in bob.ssh("output", name).stdout
            checkout.git("fetch", "production")
            whole = f"ssh://server{server.home}/repositories/{name}.git"
            assert checkout.git("ls-remote", whole, "main").split()[0] == checkout.git("rev-parse", "HEAD")
            stranger = eve.checkout(tmp_path / "stranger")
            for url in (f"server:{name}", whole):
                said = stranger.git_said("push", "--force", url, "main", fails=True)
                assert f"error: eve may not use '{name}'" in said
                assert "hint: eve may use: no app yet, and it may make apps" in said
            commands(bob, server, name)
            assert f"error: eve may not use '{name}'" in eve.ssh("destroy", name, "--yes").stderr
            assert bob.ssh("destroy", name, "--yes").returncode == 0
            assert json.loads(bob.ssh("apps", "--json").stdout) == []
            assert server.json("keys", "list")[-2]["apps"] == []
        finally:
            server.podshift("destroy", name, "--volumes", "--yes", check=False)


def test_two_first_pushes_at_once_make_one_app(server: RemoteServer) -> None:
    name = f"app-{secrets.token_hex(3)}"
    with let_in(server, "bob", "--create") as bob, ThreadPoolExecutor() as pool:
        try:
            both = list(pool.map(lambda _: bob.ssh("git-receive-pack", name), range(2)))
            assert [("error" in one.stderr, "capabilities^{}" in one.stdout) for one in both] == [(False, True)] * 2
            assert "".join(one.stderr for one in both).count("was made for this push") == 1
            volume = f"{name}.data"
            server.engine(
                "volume", "create", f"--label=podshift.home={server.home}", f"--label=podshift.app={name}", volume
            )
            assert bob.ssh("destroy", name, "--yes").returncode == 0
            assert f"an earlier app {name} has left {volume}" in bob.ssh("git-receive-pack", name).stderr
        finally:
            server.podshift("destroy", name, "--volumes", "--yes", check=False)


def commands(bob: Person, server: RemoteServer, name: str) -> None:
    """The same commands as on the server, with input, a terminal, and the exit status of what was run."""
    assert f"{name}: v1" in bob.ssh("podshift", "status").stdout
    done = bob.ssh(f"run {name} -- sh -c 'cat; exit 7'", input="through standard input")
    assert (done.returncode, done.stdout) == (7, "through standard input")
    typed = bob.ssh(f"run {name} -- sh", options=("-tt",), input="tty; exit 3\n")
    assert typed.returncode == 3
    assert "/dev/pts/" in typed.stdout
    bob.ssh(f"config {name} set --no-restart --env-file -", input="A=1\nB='two words; $(id)'\n")
    assert bob.ssh("config", name).stdout == "A=1\nB='two words; $(id)'\n"
    assert bob.ssh("config", name, "get", "NOPE").returncode == 1
    assert server.json("events", name)[-1]["by"] == "bob"


def test_a_key_sees_and_does_what_is_its_own(server: RemoteServer, ada: Person) -> None:
    with created(server) as mine, created(server) as other, let_in(server, "eve", "--apps", mine.name) as eve:
        assert [one["app"] for one in json.loads(eve.ssh("apps", "--json").stdout)] == [mine.name]
        assert [one["app"] for one in json.loads(eve.ssh("status", "--json").stdout)] == [mine.name]
        assert {one["app"] for one in json.loads(eve.ssh("events", "--json").stdout)} == {mine.name}
        assert {mine.name, other.name} <= {one["app"] for one in json.loads(ada.ssh("apps", "--json").stdout)}
        not_there = eve.ssh("status", "not-there")
        assert not_there.stderr.replace("not-there", other.name) == eve.ssh("status", other.name).stderr
        for line in (f"config {other.name} set A=1", f"exec {other.name} -- id", f"git-receive-pack {other.name}"):
            assert f"error: eve may not use '{other.name}'\nhint: eve may use: {mine.name}\n" in eve.ssh(line).stderr
        for line in ("create new", f"destroy {mine.name} --yes", "keys list"):
            done = eve.ssh(line)
            assert (done.returncode, done.stdout) == (1, ""), line
            assert f"error: {line.split()[0]} is for " in done.stderr
        assert "cannot be done over SSH" in ada.ssh("backup /tmp/x").stderr
    assert server.json("keys", "list")[0]["name"] == "ada"


def test_only_an_admin_names_a_host_that_is_trusted(server: RemoteServer, ada: Person, tmp_path: Path) -> None:
    with let_in(server, "bob", "--create") as bob:
        names = [f"app-{secrets.token_hex(3)}" for _ in range(2)]
        near = "http://127.0.0.1:1/team/shop.git"
        rules = (".gitattributes", "*.bin filter=lfs\n"), ("a.bin", pointer("1" * 64, 5))
        checkout = bob.checkout(tmp_path / "checkout")
        for name, text in rules:
            (checkout.folder / name).write_text(text)
        checkout.commit("Large")
        try:
            assert bob.ssh("create", names[0], "--origin", near).returncode == 0
            assert bob.ssh("create", names[1]).returncode == 0
            assert bob.ssh("origin", names[1], near).returncode == 0
            for name in names:
                said = checkout.git_said("push", f"{address(server)}:{name}", "main")
                assert "is this machine itself, which is not asked at a repository's request" in said
                assert "with an admin's key: podshift origin" in said
            assert ada.ssh("origin", names[1], near).returncode == 0
            said = checkout.git_said("push", f"{address(server)}:{names[1]}", "main")
            assert "cannot be reached: [Errno 111] Connection refused" in said
        finally:
            for name in names:
                server.podshift("destroy", name, "--volumes", "--yes", check=False)


def test_an_admin_keeps_the_keys_from_afar(server: RemoteServer, ada: Person) -> None:
    ci = Person.of(server.user, "ci")
    assert ci.ssh(options=ANEW).returncode == 255
    done = ada.ssh("keys add ci --create", input=ci.public)
    assert done.stdout.endswith(": no app yet, and it may make apps\n"), done.stderr
    assert "You are ci" in ci.ssh().stdout
    assert "as ci" in ada.ssh("keys add cd --admin", input=ci.public).stderr
    assert "has another key already" in ada.ssh("keys add CI --admin", input=Person.of(server.user, "x").public).stderr
    assert "all apps" in ada.ssh("keys add ci --admin", input=ci.public).stdout
    told = server.json("events")[-1]
    assert (told["app"], told["kind"], told["by"], told["what"]) == ("", "keys", "ada", "add ci: all apps")
    private = ci.key.read_text()
    done = ada.ssh("keys add mine --admin", input=private)
    assert "that is a private key" in done.stderr
    assert not [line for line in private.splitlines() if line in done.stdout + done.stderr]
    assert ada.ssh("notify add http://127.0.0.1:1/x").returncode == 0
    assert "only a URL" in ada.ssh("notify add id").stderr
    ada.ssh("notify remove 1")
    block = authorized_keys(server).read_text()
    assert ada.ssh("keys remove ci").returncode == 0
    assert ci.ssh(options=ANEW).returncode == 255
    without = authorized_keys(server).read_text()
    authorized_keys(server).write_text(block)  # a block that was put back by hand lets nobody in
    done = ci.ssh("status", options=ANEW)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "error: this key may come in no more")
    authorized_keys(server).write_text(without)


def test_without_a_command_it_says_what_there_is(server: RemoteServer, ada: Person) -> None:
    for options in ((), ("-tt",)):
        done = ada.ssh(options=options)
        assert done.returncode == 0
        assert "There is no shell here. You are ada, and may use: all apps" in done.stdout
        assert f"git push {server.user.name}@" in done.stdout
    assert "\nrun " in ada.ssh("help").stdout
    assert "Usage: ssh " in ada.ssh("status", "--help").stdout


def test_a_hostile_command_line_does_nothing(server: RemoteServer, ada: Person) -> None:
    mark, home = server.user.home / "mark", server.user.home
    before = [sorted(home.iterdir()), authorized_keys(server).read_bytes(), server.json("apps")]
    for line in HOSTILE[::4]:  # tests/unit/test_access_door.py has them all
        asked = line.replace("{mark}", str(mark)).replace("{home}", str(home))
        done = ada.ssh(asked)
        assert done.returncode in (1, 2), (asked[:200], done)
        assert done.stdout == "", asked[:200]
        assert "rror: " in done.stderr, asked[:200]
        assert "Traceback" not in done.stderr
        assert "bug of podshift" not in done.stderr
        assert "\x1b" not in done.stderr
        assert not mark.exists(), asked
    for raw in (b"status \xff\xfe", b"git-receive-pack \xff"):
        done = ada.ssh(os.fsdecode(raw))
        assert (done.returncode, "not UTF-8" in done.stderr) == (1, True)
    assert [sorted(home.iterdir()), authorized_keys(server).read_bytes(), server.json("apps")] == before


def test_nothing_is_forwarded_and_no_file_is_had(ada: Person, tmp_path: Path) -> None:
    port = (ada.user.keys / "config").read_text().split("Port ")[1].split()[0]
    through = ada.ssh(options=(*ANEW, "-W", f"127.0.0.1:{port}"))
    assert "administratively prohibited" in through.stderr
    back = ada.ssh(options=(*ANEW, "-N", "-o", "ExitOnForwardFailure=yes", "-R", f"0:127.0.0.1:{port}"))
    assert "remote port forwarding failed" in back.stderr
    subsystem = ada.ssh("sftp", options=(*ANEW, "-s"))
    assert subsystem.returncode != 0
    assert subsystem.stdout == ""


@pytest.mark.matrix
def test_a_client_s_environment_stays_outside(server: RemoteServer, ada: Person, tmp_path: Path) -> None:
    """The test's sshd accepts more than any should: GIT_*, PODSHIFT_*, PYTHON*, LD_*."""
    trace, module = server.user.home / "trace", server.user.home / "evil"
    module.mkdir()
    (module / "shlex.py").write_text("raise SystemExit('evil')\n")
    forged = {
        "PODSHIFT_KEY": "root", "PODSHIFT_HOME": "/nowhere", "GIT_TRACE": trace, "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": "/nowhere", "PYTHONPATH": module,
        "LC_ALL": "tr_TR.ISO-8859-9",
    }  # fmt: skip
    variables = " ".join(f"{name}={value}" for name, value in forged.items())
    with created(server) as app:
        checkout = ada.checkout(tmp_path / "checkout")
        checkout.git("config", "core.sshCommand", f"{ada.ssh_command} {' '.join(ANEW)} -o 'SetEnv={variables}'")
        said = checkout.git_said("push", f"server:{app.name}", "main")
        assert "is live" in said
        assert [one["by"] for one in app.releases()] == ["ada"]
        assert not trace.exists()
        assert app.get() == (200, "hello from v1\n")
        done = ada.ssh("events", "--json", options=(*ANEW, "-o", f"SetEnv={variables}"))
        assert json.loads(done.stdout)[-1]["by"] == "ada"


def test_the_operator_s_own_line_stays_and_is_told_of(server: RemoteServer, ada: Person) -> None:
    file = authorized_keys(server)
    assert file.read_text().startswith((server.user.keys / "user_key.pub").read_text())
    assert (file.stat().st_mode & 0o777, file.stat().st_uid) == (0o644, server.user.uid)
    found = {one["check"]: one for one in server.json("doctor")}["keys"]
    assert found["ok"]
    assert "1 other line of authorized_keys gives a whole shell" in found["found"]
    plain = (server.user.keys / "user_key.pub").read_text()
    done = server.podshift("keys", "add", "operator", "--admin", stdin=None, input=plain)
    assert "comes first, and gives a whole shell" in done.stderr
    server.podshift("keys", "remove", "operator")
    assert file.read_text().startswith(plain)


def test_a_damaged_block_is_found_and_mended(server: RemoteServer, ada: Person) -> None:
    file = authorized_keys(server)
    whole = file.read_text()
    begin = whole.index("# podshift begins")
    file.write_text(whole[:begin] + "# a note\n" + whole[begin:].partition("\n")[2])
    done = server.podshift("doctor", "--json", check=False)
    found = {one["check"]: one for one in json.loads(done.stdout)}["keys"]
    assert (found["level"], found["fix"]) == ("error", "podshift init")
    server.podshift(*found["fix"].split()[1:])
    assert file.read_text() == whole[:begin] + "# a note\n" + whole[begin:]
    assert ada.ssh("apps").returncode == 0
    with sqlite3.connect(server.home / "podshift.db") as records:
        assert records.execute("SELECT name FROM keys").fetchall() == [("ada",)]
