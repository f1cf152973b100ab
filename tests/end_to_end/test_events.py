"""events and notify: what was done, by whom; and others told of it, whatever they do with that."""

import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server import App, Checkout, Server
from server.installation import created, wait_until
from server.under_way import everything_killed, in_build, long_build


def kinds(app: App) -> list[tuple[str, str]]:
    return [(event["kind"], event["outcome"]) for event in app.server.json("events", app.name)]


def newest(app: App) -> dict[str, Any]:
    found: dict[str, Any] = app.server.json("events", app.name)[-1]
    return found


@contextmanager
def notified(server: Server, *target: str) -> Iterator[int]:
    """podshift notify add, and remove whatever happens in between. The number."""
    said = server.podshift("notify", "add", *target).stdout
    number = int(said.partition(":")[0])
    try:
        yield number
    finally:
        server.podshift("notify", "remove", str(number))


def result(server: Server, number: int) -> str | None:
    (found,) = [one["result"] for one in server.json("notify", "list") if one["number"] == number]
    return str(found) if found else None


def script(folder: Path, text: str) -> Path:
    path = folder / "notify.sh"
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return path


@pytest.mark.matrix
def test_everything_that_is_done_is_an_event(server: Server, checkout: Checkout) -> None:
    with created(server) as app:
        checkout.push(app)
        checkout.version("v2")
        checkout.push(app)
        server.podshift("config", app.name, "set", "TOKEN=very-secret", "--no-restart")
        server.podshift("rollback", app.name)
        server.podshift("scale", app.name, "web=2")
        server.podshift("restart", app.name)
        checkout.version("v3", "crash")
        checkout.push(app)
        server.podshift("stop", app.name)
        server.podshift("start", app.name)
        assert kinds(app) == [
            ("create", "ok"), ("deploy", "ok"), ("deploy", "ok"), ("config", "ok"), ("rollback", "ok"),
            ("scale", "ok"), ("restart", "ok"), ("deploy", "failed"), ("stop", "ok"), ("start", "ok"),
        ]  # fmt: skip
        found = server.json("events", app.name)
        assert [event["what"] for event in found[3:6]] == ["set TOKEN", "back to v1", "web=2"]
        assert found[2]["release"] == 2
        assert found[2]["commit"] == checkout.git("rev-parse", "HEAD~1")
        assert found[2]["what"] == "Version v2"
        assert "exited at start" in found[7]["error"]
        assert {event["by"] for event in found} == {"root"} or os.geteuid() != 0
        assert "very-secret" not in json.dumps(found)
        lines = server.podshift("events", app.name, "-n", "3").stdout.splitlines()
        assert [line.split()[3] for line in lines[1:]] == ["deploy", "stop", "start"]
    assert kinds(app)[-1] == ("destroy", "ok")


def test_a_deploy_that_was_killed_is_a_failure_to_tell_of(app: App, checkout: Checkout) -> None:
    with notified(app.server, "cat") as number:
        long_build(checkout, "v1")
        push = checkout.start_push(app)
        in_build(app, 1)
        everything_killed(app, push)
        assert kinds(app) == [("create", "ok")]
        app.server.podshift("up", app.name)
        assert kinds(app) == [("create", "ok"), ("deploy", "failed")]
        assert newest(app)["error"] == "the deploy was interrupted"
        wait_until(lambda: result(app.server, number) == "ok", what="the notification")


def test_an_app_that_never_was(server: Server) -> None:
    done = server.podshift("events", "never-was", check=False)
    assert done.returncode == 1
    assert "there is no app" in done.stderr


def test_a_command_gets_the_event(app: App, checkout: Checkout, tmp_path: Path) -> None:
    got = tmp_path / "got it"
    text = (
        f'cat > "{got}.json"; echo "$PODSHIFT_EVENT_APP $PODSHIFT_EVENT_RELEASE $PODSHIFT_EVENT_OUTCOME $1" > "{got}"\n'
    )
    with notified(app.server, str(script(tmp_path, text)), "two words; $(id)") as number:
        checkout.push(app)
        wait_until(lambda: result(app.server, number), what="the notification")
        assert result(app.server, number) == "ok"
        assert got.read_text() == f"{app.name} 1 ok two words; $(id)\n"
        event = json.loads(Path(f"{got}.json").read_text())
        assert event == newest(app)
        assert event["text"] == f"{app.name} v1: deploy by {event['by']} ok, First"
        checkout.version("v2", "crash")
        checkout.push(app)
        wait_until(lambda: got.read_text() == f"{app.name} 2 failed two words; $(id)\n", what="the second")


@pytest.mark.matrix
def test_a_command_that_hangs_holds_up_nothing_and_leaves_nothing(app: App, checkout: Checkout, tmp_path: Path) -> None:
    """It detaches a process from its own session too, the way a daemon does."""
    text = f"setsid sleep 1234 & echo $! > {tmp_path}/daemon; echo $$ > {tmp_path}/pid; sleep 2345\n"
    with notified(app.server, str(script(tmp_path, text))) as number:
        pushed = checkout.push(app)
        assert result(app.server, number) is None, "the push waited for the notification"
        assert pushed.code == 0
        assert "is live" in pushed.said
        assert app.status()["deploying"] is None
        wait_until(lambda: result(app.server, number), what="the time-out")
        assert result(app.server, number) == "not done within 10 s"
    for file in ("daemon", "pid"):
        pid = int((tmp_path / file).read_text())
        wait_until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), what=f"the end of the {file}")  # type: ignore[misc]


def test_a_command_that_fails_is_not_the_deploys_failure(app: App, checkout: Checkout, tmp_path: Path) -> None:
    with notified(app.server, str(script(tmp_path, "echo no such channel >&2; exit 3\n"))) as number:
        assert checkout.push(app).code == 0
        wait_until(lambda: result(app.server, number), what="the notification")
        assert result(app.server, number) == "exit status 3: no such channel"
        assert "last: exit status 3: no such channel" in app.server.podshift("notify", "list").stdout


class Hook(http.server.BaseHTTPRequestHandler):
    """A chat service's web hook; what it was sent."""

    got: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.status)
        self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.got, Hook.status = [], 200
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hooks/secret"
        server.shutdown()


def test_a_url_gets_the_event(app: App, checkout: Checkout, hook: str) -> None:
    with notified(app.server, hook) as number:
        checkout.push(app)
        wait_until(lambda: result(app.server, number), what="the notification")
        assert result(app.server, number) == "ok"
        assert Hook.got == [("application/json", newest(app))]
        Hook.status = 302
        app.server.podshift("restart", app.name)
        checkout.version("v2")
        checkout.push(app)
        wait_until(lambda: result(app.server, number) != "ok", what="the second")
        assert "302" in str(result(app.server, number))
    assert [event["kind"] for _, event in Hook.got] == ["deploy", "deploy"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("ftp://example.com/x", "neither http nor https"),
        ("http:///nowhere", "no host"),
        ("no-such-command --now", "no command 'no-such-command'"),
        ("'unclosed", "no command line"),
    ],
)
def test_what_could_never_work_is_refused(server: Server, target: str, said: str) -> None:
    done = server.podshift("notify", "add", target, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert target not in server.podshift("notify", "list").stdout


def test_the_same_is_not_told_twice(server: Server) -> None:
    with notified(server, "true"):
        done = server.podshift("notify", "add", "true", check=False)
        assert done.returncode == 1
        assert "notified already" in done.stderr
    done = server.podshift("notify", "remove", "999", check=False)
    assert "there is no notifier 999" in done.stderr
