"""What git tells the hooks, as values."""

import io
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.receive.checks import check
from podshift.receive.gate import read_packets, write_packets
from podshift.receive.hooks import first_push_hint
from podshift.receive.options import PushOptions
from podshift.receive.push import Push, Update, options_in, parse_updates, pusher, read_push
from podshift.records import NewApp, Records
from podshift.settings import Home, Settings, save_settings
from podshift.source import create_repository
from server.switchboard import an_app

OLD, NEW = "1" * 40, "2" * 40
NONE = "0" * 40
HELLO = an_app("hello")

UPDATES = [
    # what git says                              old     new     ref                        its short name
    (f"{OLD} {NEW} refs/heads/main",             OLD,    NEW,    "refs/heads/main",         "main"),
    (f"{NONE} {NEW} refs/heads/feature/a",       None,   NEW,    "refs/heads/feature/a",    "feature/a"),
    (f"{OLD} {NONE} refs/tags/v1.0\n",           OLD,    None,   "refs/tags/v1.0",          "v1.0"),
    (f"{NONE} {NEW} refs/notes/commits",         None,   NEW,    "refs/notes/commits",      "refs/notes/commits"),
    (f"{NONE} {NEW} refs/heads/weird-ü-\u2028",  None,   NEW,    "refs/heads/weird-ü-\u2028", "weird-ü-\u2028"),
    (f"{'0' * 64} {'3' * 64} refs/heads/main",   None,   "3" * 64, "refs/heads/main",       "main"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "old", "new", "ref", "name"), UPDATES)
def test_a_ref_update(line: str, old: str | None, new: str | None, ref: str, name: str) -> None:
    (update,) = parse_updates([line])
    assert update == Update(old, new, ref)
    assert update.name == name


def test_a_push_without_updates_has_none() -> None:
    assert parse_updates([]) == ()


def test_only_the_deploy_branch_deploys() -> None:
    lines = [
        f"{OLD} {NEW} refs/heads/other",
        f"{NONE} {NEW} refs/tags/main",
        f"{OLD} {NEW} refs/heads/main",
        f"{OLD} {NEW} refs/heads/main2",
    ]
    push = Push(HELLO, parse_updates(lines))
    assert push.deploy == Update(OLD, NEW, "refs/heads/main")
    assert Push(HELLO, parse_updates(lines[:2])).deploy is None


@pytest.mark.parametrize(
    ("refs", "live", "hint"),
    [
        (["refs/heads/master"], None, "hint: git push … master:main deploys it"),
        (["refs/tags/v1", "refs/heads/a/b"], None, "hint: git push … a/b:main deploys it"),
        (["refs/heads/master"], 3, ""),
        (["refs/heads/master", "refs/heads/main"], None, ""),
        (["refs/tags/v1"], None, ""),
    ],
)
def test_who_pushes_another_branch_first_is_told_how_to_deploy_it(refs: list[str], live: int | None, hint: str) -> None:
    updates = parse_updates([f"{NONE} {NEW} {ref}" for ref in refs])
    assert first_push_hint(Push(HELLO._replace(live=live), updates)) == hint


def test_a_deleted_branch_is_nothing_to_deploy() -> None:
    assert first_push_hint(Push(HELLO._replace(live=None), parse_updates([f"{OLD} {NONE} refs/heads/x"]))) == ""


def test_the_gate_is_the_app_s_or_the_push_s() -> None:
    assert not Push(HELLO, ()).gated
    assert Push(HELLO, (), PushOptions(gate=True)).gated
    assert Push(HELLO._replace(gate=True), ()).gated


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({}, ()),
        ({"GIT_PUSH_OPTION_COUNT": ""}, ()),
        ({"GIT_PUSH_OPTION_COUNT": "0", "GIT_PUSH_OPTION_0": "left over"}, ()),
        ({"GIT_PUSH_OPTION_COUNT": "2", "GIT_PUSH_OPTION_0": "gate", "GIT_PUSH_OPTION_1": "a=b c"}, ("gate", "a=b c")),
    ],
)
def test_push_options_come_from_git_s_variables(environment: dict[str, str], options: tuple[str, ...]) -> None:
    assert options_in(environment) == options


def test_who_pushed_is_the_key_that_sshd_saw_else_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PODSHIFT_KEY", raising=False)
    account = pusher()
    assert account
    monkeypatch.setenv("PODSHIFT_KEY", "ada-laptop")
    assert pusher() == "ada-laptop"


def test_a_push_finds_its_app_in_the_records(tmp_path: Path) -> None:
    home = Home(tmp_path)
    records = Records(home.database)
    records.add_app(NewApp("hello", "live", gate=True), backend=0, subnet="10.89.1.0/24")
    records.close()
    push = read_push(home, "hello", [f"{OLD} {NEW} refs/heads/live"], ["gate"])
    assert push.app.name == "hello"
    assert push.deploy == Update(OLD, NEW, "refs/heads/live")
    with pytest.raises(PodshiftError, match="there is no app 'nobody'"):
        read_push(home, "nobody", [], [])


class Server:
    """One that takes pushes of 1 MB, and the quarantine of a push to its app `hello`."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.quarantine = folder / "quarantine"
        self.quarantine.mkdir()
        create_repository(self.home.repository("hello"), "main")
        self.has(max_push_mb=1, min_free_mb=0)

    def has(self, **settings: int) -> None:
        save_settings(self.home, Settings(**settings))  # type: ignore[arg-type]

    def looks_at(self, *updates: str, size: int = 0) -> None:
        (self.quarantine / "pack").write_bytes(bytes(size))
        check(self.home, Push(HELLO, parse_updates(updates)))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server(tmp_path)
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(server.quarantine))
    return server


TO_OTHERS = [f"{NONE} {NEW} refs/heads/topic"], [f"{OLD} {NONE} refs/heads/topic", f"{NONE} {NEW} refs/tags/v1"]
DELETION = f"{OLD} {NONE} refs/heads/topic"


@pytest.mark.parametrize("updates", TO_OTHERS)
def test_what_comes_to_other_refs_has_the_same_bound(server: Server, updates: list[str]) -> None:
    server.looks_at(*updates, size=1_000_000)
    with pytest.raises(PodshiftError, match=r"this push brings 2\.9 MB, and 1 MB are the most"):
        server.looks_at(*updates, size=3_000_000)


@pytest.mark.parametrize("updates", TO_OTHERS)
def test_no_ref_may_fill_the_disk(server: Server, updates: list[str]) -> None:
    server.has(min_free_mb=999_999_999)
    with pytest.raises(PodshiftError, match="disk is nearly full"):
        server.looks_at(*updates)


def test_what_only_deletes_is_taken_by_a_full_disk_as_well(server: Server) -> None:
    server.has(min_free_mb=999_999_999)
    server.looks_at(DELETION)


def test_packets_are_read_up_to_the_next_flush() -> None:
    stream = io.BytesIO(b"000eversion=1\n" + b"0009a b c" + b"0000" + b"0008next" + b"0000")
    assert list(read_packets(stream)) == ["version=1", "a b c"]
    assert list(read_packets(stream)) == ["next"]
    assert list(read_packets(stream)) == []


def test_packets_that_are_written_can_be_read_again() -> None:
    texts = ["ok refs/heads/main", "option fall-through", "ng refs/heads/ü not deployed", "", "x" * 1000]
    stream = io.BytesIO()
    write_packets(stream, *texts)
    stream.seek(0)
    assert list(read_packets(stream)) == texts
    assert stream.getvalue().startswith(b"0016ok refs/heads/main0017option")


def test_a_ref_that_is_no_utf_8_comes_back_as_it_was() -> None:
    line = b"refs/heads/\xff\xfe"
    stream = io.BytesIO(b"%04x%b0000" % (len(line) + 4, line))
    texts = list(read_packets(stream))
    answer = io.BytesIO()
    write_packets(answer, *texts)
    assert answer.getvalue() == stream.getvalue()
