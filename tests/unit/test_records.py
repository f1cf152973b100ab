"""Real SQLite files: all or nothing, shared with other processes, for one user's eyes."""

import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from podshift.errors import PodshiftError
from podshift.model import State
from podshift.records import DeployKey, Event, Key, NewApp, Placed, Records, Release
from podshift.records import database as module

COMMIT = "3f2a91c" + "0" * 33
WEB = Placed("hello-web-1-1", "web", "10.89.1.130", 8080, "/healthz", 15)
WORKER = Placed("hello-worker-1-1", "worker", "10.89.1.131", 8080)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "podshift.db"


@pytest.fixture
def records(path: Path) -> Iterator[Records]:
    with closing(Records(path)) as records:
        yield records


def add_app(records: Records, name: str = "hello", backend: int = 0) -> None:
    records.add_app(NewApp(name), backend=backend, subnet="10.89.1.0/24")


def add_release(records: Records, app: str = "hello", state: State = State.BUILDING) -> Release:
    return records.add_release(app, commit=COMMIT, subject="Faster search", state=state, pushed_by="ada")


def go_live(records: Records, release: Release, *containers: Placed) -> None:
    with records.transaction():
        records.go_live(release, containers)


def states(records: Records, app: str = "hello") -> dict[str, str]:
    return {release.name: str(release.state) for release in records.releases(app)}


# apps


def test_an_app_is_as_it_was_made(records: Records) -> None:
    records.add_app(NewApp("shop", "live", gate=True), backend=3, subnet="10.89.2.0/24")
    records.add_domain("shop", "www.example.com")
    records.add_domain("shop", "example.com")
    app = records.app("shop")
    assert (app.name, app.branch, app.gate, app.backend, app.subnet) == ("shop", "live", True, 3, "10.89.2.0/24")
    assert (app.live, app.domains) == (None, ("www.example.com", "example.com"))
    assert records.domain_owner("example.com") == "shop"
    assert records.domain_owner("other.example.com") is None
    records.set_gate("shop", False)
    assert not records.app("shop").gate


def test_only_an_origin_that_an_operator_gave_is_trusted(records: Records) -> None:
    url, other = "http://127.0.0.1/shop.git", "http://127.0.0.2/shop.git"
    records.add_app(NewApp("shop", origin=url, origin_trusted=True), backend=3, subnet="10.89.2.0/24")
    records.add_app(NewApp("blog", origin=url), backend=4, subnet="10.89.3.0/24")
    assert [(app.origin, app.trusted) for app in records.apps()] == [(url, url), (url, "")]
    records.set_origin("shop", other, trusted=False)
    records.set_origin("blog", other, trusted=True)
    assert [(app.origin, app.trusted) for app in records.apps()] == [(other, ""), (other, other)]


def test_apps_are_listed_the_oldest_first(records: Records) -> None:
    for number, name in enumerate(("zebra", "ape", "mouse")):
        add_app(records, name, number)
    assert [app.name for app in records.apps()] == ["zebra", "ape", "mouse"]


def test_an_unknown_app_is_an_error_with_a_hint(records: Records) -> None:
    with pytest.raises(PodshiftError, match="there is no app 'nobody'") as caught:
        records.app("nobody")
    assert "podshift apps" in caught.value.hint


def test_the_lowest_backend_that_is_free_is_given_until_none_is(records: Records) -> None:
    add_app(records, "a", 0)
    add_app(records, "c", 2)
    assert records.free_backend(3) == 1
    add_app(records, "b", 1)
    with pytest.raises(PodshiftError, match="all 3 backends") as caught:
        records.free_backend(3)
    assert caught.value.hint == "podshift init --backends 6"


def test_with_an_app_goes_all_that_was_its_own_and_nothing_else(records: Records) -> None:
    for number, name in enumerate(("hello", "other")):
        add_app(records, name, number)
        records.add_domain(name, f"{name}.example.com")
        go_live(records, add_release(records, name), WEB)
        records.keep_snapshot(records.release(name, 1), {"A": "b"})
    records.remove_app("hello")
    assert [app.name for app in records.apps()] == ["other"]
    assert list(records.containers()) == ["other"]
    assert records.domain_owner("hello.example.com") is None
    assert records.releases("hello") == []
    add_app(records, "hello")
    assert add_release(records).name == "v1"
    assert records.release_variables(records.release("hello", 1)) == {}


# releases


def test_releases_are_numbered_by_app_and_listed_newest_first(records: Records) -> None:
    add_app(records, "hello", 0)
    add_app(records, "other", 1)
    add_release(records, "other")
    first, second = add_release(records), add_release(records)
    assert (first.name, second.name) == ("v1", "v2")
    assert (second.image, second.commit, second.subject) == ("localhost/podshift/hello:v2", COMMIT, "Faster search")
    assert (second.pushed_by, second.seconds, second.error, second.rollback_of) == ("ada", None, None, None)
    assert [release.number for release in records.releases("hello")] == [2, 1]
    with pytest.raises(PodshiftError, match="hello has no release v9"):
        records.release("hello", 9)


def test_one_made_of_another_runs_its_image_with_its_manifest(records: Records) -> None:
    add_app(records)
    first = add_release(records)
    records.describe_release(first, manifest="[web]\n", procfile="web: x")
    records.start_release(first, 3000)
    first = records.release("hello", 1)
    assert (first.state, first.port) == (State.STARTING, 3000)
    again = records.add_release(
        "hello", commit=COMMIT, subject="s", state=State.STARTING, pushed_by="ada", of=first, rollback_of=1
    )
    assert (again.number, again.image, again.rollback_of) == (2, first.image, 1)
    assert (again.manifest, again.procfile, again.port) == ("[web]\n", "web: x", 3000)


def test_one_release_is_live_and_its_containers_are_what_should_run(records: Records) -> None:
    add_app(records)
    go_live(records, add_release(records), WEB, WORKER)
    assert records.containers() == {"hello": [WEB, WORKER]}
    live = records.live_release("hello")
    assert live
    assert live.number == records.app("hello").live == 1
    assert live.seconds is not None
    newer = Placed("hello-web-2-1", "web", "10.89.1.132", 8080)
    go_live(records, add_release(records), newer)
    assert states(records) == {"v2": "live", "v1": "retired"}
    assert records.containers() == {"hello": [newer]}
    assert records.app("hello").live == 2


def test_what_went_live_and_did_badly_gives_way_to_the_one_before(records: Records) -> None:
    add_app(records)
    go_live(records, add_release(records), WEB)
    earlier = records.live_release("hello")
    assert earlier
    release = add_release(records)
    go_live(records, release, WORKER)
    with records.transaction():
        records.turn_back(release, earlier, [WEB])
    assert states(records) == {"v2": "failed", "v1": "live"}
    assert records.containers() == {"hello": [WEB]}
    assert records.app("hello").live == 1
    assert records.live_release("hello") == earlier


def test_what_a_killed_deployer_left_is_failed_and_nothing_else(records: Records) -> None:
    add_app(records, "hello", 0)
    add_app(records, "other", 1)
    go_live(records, add_release(records), WEB)
    add_release(records, state=State.BUILDING)
    add_release(records, state=State.STARTING)
    add_release(records, state=State.SUPERSEDED)
    add_release(records, "other")
    records.fail_unfinished("hello", "the deploy was interrupted")
    assert states(records) == {"v4": "superseded", "v3": "failed", "v2": "failed", "v1": "live"}
    assert records.release("hello", 2).error == "the deploy was interrupted"
    assert states(records, "other") == {"v1": "building"}


def test_nothing_is_live_before_the_first_release_is(records: Records) -> None:
    add_app(records)
    add_release(records)
    assert records.live_release("hello") is None
    assert records.containers() == {}


# config variables

ODD = {"A": " a b ", "B": 'it\'s "quoted" $HOME', "C": "line\nline\r\n", "D": "", "E": "ä語🎈", "F": "\x1b[31m"}


def test_values_are_kept_byte_for_byte_and_each_release_keeps_its_own(records: Records) -> None:
    add_app(records)
    with records.transaction():
        records.replace_variables("hello", ODD)
    release = add_release(records)
    records.keep_snapshot(release, records.variables("hello"))
    with records.transaction():
        records.replace_variables("hello", {"A": "new"})
    assert records.variables("hello") == {"A": "new"}
    assert records.release_variables(release) == ODD


def test_what_the_operator_scaled_is_remembered(records: Records) -> None:
    add_app(records)
    records.set_scale("hello", "web", 3)
    records.set_scale("hello", "web", 2)
    records.set_scale("hello", "worker", 0)
    assert records.scale("hello") == {"web": 2, "worker": 0}
    records.set_scale("hello", "web", None)
    assert records.scale("hello") == {"worker": 0}


# the file


def test_the_file_and_what_sqlite_puts_beside_it_are_for_this_user_alone(records: Records, path: Path) -> None:
    add_app(records)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["podshift.db", "podshift.db-shm", "podshift.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_transaction_that_fails_leaves_nothing_behind(records: Records) -> None:
    add_app(records)
    release = add_release(records)
    with pytest.raises(PodshiftError, match="there is no app 'nobody'"), records.transaction():
        records.go_live(release, [records.app("nobody") and WEB])
    assert states(records) == {"v1": "building"}
    assert records.containers() == {}
    go_live(records, release, WEB)


def test_what_a_killed_process_had_not_committed_did_not_happen(records: Records, path: Path) -> None:
    add_app(records)
    with another_process(path, "INSERT INTO domains VALUES ('example.com', 'hello')") as other:
        other.kill()
        other.wait()
        assert records.domain_owner("example.com") is None
        records.add_domain("hello", "example.com")


@contextmanager
def another_process(path: Path, statement: str = "") -> Iterator["subprocess.Popen[str]"]:
    """One in the middle of a transaction, which it commits when something is written to it."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE')\n"
        "if sys.argv[2]: c.execute(sys.argv[2])\n"
        "print('begun', flush=True); sys.stdin.readline(); c.execute('COMMIT'); c.close()"
    )
    command = [sys.executable, "-c", script, path, statement]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "begun\n"
        try:
            yield other
        finally:
            other.kill()


def test_a_database_locked_by_another_process_is_an_error_that_says_so(records: Records, path: Path) -> None:
    add_app(records)
    records.database.execute("PRAGMA busy_timeout = 50")
    with another_process(path):
        assert [app.name for app in records.apps()] == ["hello"], "reading goes on"
        with pytest.raises(PodshiftError, match="the records cannot be used: database is locked") as caught:
            records.set_gate("hello", True)
        with pytest.raises(PodshiftError, match="database is locked"), records.transaction():
            pass
        assert caught.value.hint == "podshift doctor"
    records.set_gate("hello", True)


def test_a_writer_waits_for_the_one_before(records: Records, path: Path) -> None:
    add_app(records)
    with another_process(path) as other, ThreadPoolExecutor() as threads:

        def write() -> None:
            with closing(Records(path)) as own:
                own.add_domain("hello", "example.com")

        writing = threads.submit(write)
        assert other.stdin
        other.stdin.write("\n")
        other.stdin.flush()
        writing.result(timeout=10)
    assert records.domain_owner("example.com") == "hello"


def test_a_full_disk_is_an_error_that_says_so(records: Records) -> None:
    add_app(records)
    pages = records.database.execute("PRAGMA page_count").fetchone()[0]
    records.database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(PodshiftError, match="database or disk is full") as caught, records.transaction():
        records.replace_variables("hello", {"A": "x" * 1_000_000})
    assert "df -h" in caught.value.hint
    assert records.variables("hello") == {}


def test_a_damaged_file_is_an_error_that_says_so(path: Path) -> None:
    path.write_bytes(b"this is no database, and was never one" * 100)
    with pytest.raises(PodshiftError, match="the records are damaged: file is not a database"):
        Records(path)


@pytest.mark.parametrize("place", ["gone/podshift.db", "."])
def test_a_file_that_cannot_be_opened_is_an_error_that_says_so(tmp_path: Path, place: str) -> None:
    with pytest.raises(PodshiftError, match="the records cannot be"):
        Records(tmp_path / place)


def test_text_that_is_no_utf_8_is_an_error_that_does_not_show_it(records: Records) -> None:
    add_app(records)
    for use in (records.releases, lambda text: records.set_maintenance("hello", text)):
        with pytest.raises(PodshiftError, match="not UTF-8 text") as caught:
            use("hunter2-\udce4")
        assert "hunter2" not in repr(caught.value)
        assert caught.value.__suppress_context__


# versions of the schema


def test_a_newer_podshift_brings_the_file_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Records(path)) as records:
        add_app(records)
    monkeypatch.setattr(module, "MIGRATIONS", (*module.MIGRATIONS, "ALTER TABLE domains ADD COLUMN note TEXT;"))
    for _ in range(2):
        with closing(Records(path)) as records:
            assert [app.name for app in records.apps()] == ["hello"]
            assert records.database.execute("PRAGMA user_version").fetchone()[0] == len(module.MIGRATIONS)
            records.database.execute("SELECT note FROM domains")


def test_a_step_that_fails_is_not_half_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Records(path).close()
    before = module.MIGRATIONS
    monkeypatch.setattr(module, "MIGRATIONS", (*before, "CREATE TABLE extra (a); CREATE TABLE apps (a);"))
    with pytest.raises(PodshiftError, match="table apps already exists"):
        Records(path)
    monkeypatch.setattr(module, "MIGRATIONS", (*before, "CREATE TABLE extra (a);"))
    with closing(Records(path)) as records:
        records.database.execute("SELECT a FROM extra")


def test_a_file_of_a_newer_podshift_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MIGRATIONS", (*module.MIGRATIONS, "CREATE TABLE extra (a);"))
    Records(path).close()
    monkeypatch.undo()
    with pytest.raises(PodshiftError, match="the records are of a newer podshift"):
        Records(path)


def test_several_processes_may_be_the_first_at_once(path: Path) -> None:
    script = "import sys, pathlib; from podshift.records import Records; Records(pathlib.Path(sys.argv[1])).apps()"
    others = [
        subprocess.Popen([sys.executable, "-c", script, path], stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    said = [other.communicate()[1] for other in others]
    assert said == [""] * len(others)


def test_sqlite_is_new_enough_for_what_is_asked_of_it() -> None:
    assert sqlite3.sqlite_version_info >= (3, 35)


# keys


def key(name: str, fingerprint: str, *apps: str) -> Key:
    return Key(name, "ssh-ed25519", "AAAA", fingerprint, admin=False, creates=not apps, added=1.5, apps=apps)


def test_keys_and_what_they_may_use(records: Records) -> None:
    add_app(records, "hello")
    add_app(records, "shop", 1)
    ada, bob = key("ada", "SHA256:a", "hello", "shop"), key("bob", "SHA256:b")
    with records.transaction():
        records.keep_key(ada)
        records.keep_key(bob)
    assert records.all_keys() == [ada, bob]
    assert records.key("ADA") == ada
    records.grant_app(bob.fingerprint, "shop")
    records.grant_app(bob.fingerprint, "shop")
    assert records.key("bob").apps == ("shop",)
    assert records.key("bob").rights == "shop, and it may make apps"
    records.remove_app("shop")
    assert [one.apps for one in records.all_keys()] == [("hello",), ()]
    records.keep_key(ada._replace(admin=True, apps=()))
    assert [one.rights for one in records.all_keys()] == ["all apps", "no app yet, and it may make apps"]
    records.remove_key(ada)
    with pytest.raises(PodshiftError, match="there is no key 'ada'"):
        records.key("ada")


def test_a_release_that_no_event_tells_of(records: Records) -> None:
    assert records.is_untold("hello", 2, 5.0)
    records.add_event(Event(4.0, "hello", "deploy", "ok", "ada", 2, None, "of an app of that name before", None))
    assert records.is_untold("hello", 2, 5.0)
    records.add_event(Event(6.0, "hello", "deploy", "ok", "ada", 1, None, "", None))
    records.add_event(Event(6.0, "blog", "deploy", "ok", "ada", 2, None, "", None))
    assert records.is_untold("hello", 2, 5.0)
    assert not records.is_untold("hello", 2, 3.0)  # its event may have been forgotten
    records.add_event(Event(7.0, "hello", "deploy", "ok", "ada", 2, None, "", None))
    assert not records.is_untold("hello", 2, 5.0)


def test_events_of_some_apps(records: Records) -> None:
    for number, app in enumerate(("hello", "shop", "blog")):
        add_app(records, app, number)
    for app in ("hello", "shop", "hello", "blog"):
        records.add_event(Event(time.time(), app, "deploy", "ok", "ada", None, None, "", None))
    assert [one.app for one in records.events_of(("hello", "blog"), 2)] == ["hello", "blog"]
    assert [one.app for one in records.events_of(("hello", "blog"), 9)] == ["hello", "hello", "blog"]
    assert records.events_of((), 9) == []


def test_events_of_an_app_are_not_those_of_another_that_had_its_name(records: Records) -> None:
    def deployed(what: str) -> None:
        records.add_event(Event(time.time(), "hello", "deploy", "ok", "ada", None, None, what, None))

    add_app(records)
    deployed("the first")
    records.remove_app("hello")
    deployed("of none")
    assert records.events_of(("hello",), 9) == []
    add_app(records)
    deployed("the second")
    assert [one.what for one in records.events_of(("hello",), 9)] == ["the second"]
    assert [one.what for one in records.events("hello", 9)] == ["the first", "of none", "the second"]


def test_a_deploy_key_goes_with_its_app(records: Records) -> None:
    add_app(records)
    assert records.deploy_key("hello") == DeployKey()
    records.set_deploy_key("hello", DeployKey("private", "public"))
    records.set_deploy_key("hello", DeployKey("secret half", "public half"))
    assert records.deploy_key("hello") == DeployKey("secret half", "public half")
    assert "secret" not in repr(records.deploy_key("hello"))
    records.remove_app("hello")
    add_app(records)
    assert records.deploy_key("hello") == DeployKey()
