"""stop, start, restart: an app that is stopped stays stopped, and loses no request that it had taken."""

import threading

from load import Load
from podshift.settings import Home
from server import App, Checkout
from server.installation import created, wait_until

WEB = '[web]\nwatch = "0s"\n'
WORKER = (
    WEB
    + """
[process.worker]
command = ["/usr/bin/python3", "-c", "import time; time.sleep(3600)"]
ready = { timeout = "0.5s" }
stop = "1s"
"""
)
NOTHING_RUNNING = (503, "This app has nothing running just now.\n")


def test_a_stopped_app_stays_stopped_until_it_is_started(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    said = app.server.podshift("stop", app.name).stdout
    assert f"{app.name} is stopped; podshift start {app.name} runs v1 again" in " ".join(said.split())
    assert app.get() == NOTHING_RUNNING
    assert app.containers() == []
    app.server.engine("kill", Home(app.server.home).proxy_name)
    assert f"{app.name}: v1 is stopped" in app.server.podshift("up").stdout
    assert (app.get(), app.containers()) == (NOTHING_RUNNING, [])
    status = app.status()
    assert (status["live"], status["stopped"], status["processes"]) == (1, True, {})
    assert "stopped" in app.server.podshift("status", app.name).stdout
    app.server.podshift("start", app.name)
    assert app.get() == (200, "hello from v1\n")
    assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-worker-1-1"]
    assert app.status()["stopped"] is False
    assert "runs already" in app.server.podshift("start", app.name).stdout
    assert app.states() == ["live"]


def test_stop_waits_for_requests_in_flight_and_disturbs_no_other_app(app: App, checkout: Checkout) -> None:
    checkout.version("v1", "abrupt")
    checkout.push(app)
    with created(app.server) as neighbour:
        checkout.push(neighbour)
        answers: list[tuple[int, str]] = []
        slow = threading.Thread(target=lambda: answers.append(app.get("/slow?seconds=2")))
        with Load(app.server.url, host=neighbour.host, clients=8) as load:
            slow.start()
            wait_until(lambda: in_flight(app) == 1, what="the slow request")
            app.server.podshift("stop", app.name)
            slow.join()
            assert app.get() == NOTHING_RUNNING
            app.server.podshift("start", app.name)
            assert app.get() == (200, "hello from v1\n")
        assert answers == [(200, "slow hello from v1\n")]
        assert load.result.failed == 0, load.result


def in_flight(app: App) -> int:
    from podshift.proxy import Proxy

    backends = Proxy(Home(app.server.home).socket_folder).servers()
    return sum(
        server.in_flight for servers in backends.values() for name, server in servers.items() if app.name in name
    )


def test_a_push_to_a_stopped_app_starts_it_unless_it_fails(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    app.server.podshift("stop", app.name)
    checkout.version("v2", "crash")
    assert "v1" in checkout.push(app).said
    assert (app.get(), app.containers(), app.status()["stopped"]) == (NOTHING_RUNNING, [], True)
    checkout.version("v3")
    assert "is live" in checkout.push(app).said
    assert app.get() == (200, "hello from v3\n")
    assert app.states() == ["retired", "failed", "live"]


def test_what_is_changed_while_stopped_waits_for_start(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    app.server.podshift("stop", app.name)
    app.server.podshift("config", app.name, "set", "COLOUR=blue")
    app.server.podshift("scale", app.name, "web=2")
    assert (app.get(), app.containers()) == (NOTHING_RUNNING, [])
    assert app.server.podshift("restart", app.name, "web", check=False).returncode == 1
    app.server.podshift("start", app.name)
    assert app.containers() == [f"{app.name}-web-2-1", f"{app.name}-web-2-2"]
    assert app.server.podshift("exec", app.name, "--", "sh", "-c", "echo $COLOUR").stdout == "blue\n"
    app.server.podshift("scale", app.name, "web=0")
    assert app.status()["stopped"] is False
    assert "scaled to no container" in app.server.podshift("start", app.name, check=False).stderr
    app.server.podshift("scale", app.name, "web=1")
    assert app.get() == (200, "hello from v1\n")


def test_restart_of_one_process_leaves_the_others_alone(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    began = started_at(app, f"{app.name}-web-1-1")
    with Load(app.server.url, host=app.host, clients=8) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        app.server.podshift("restart", app.name, "worker")
        assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-worker-1-2"]
        assert started_at(app, f"{app.name}-web-1-1") == began
        app.server.podshift("restart", app.name, "web", "worker")
        assert app.containers() == [f"{app.name}-web-1-2", f"{app.name}-worker-1-1"]
    assert load.result.failed == 0, load.result
    refused = app.server.podshift("restart", app.name, "wrker", check=False)
    assert "no process 'wrker'" in refused.stderr
    app.server.podshift("config", app.name, "set", "--no-restart", "COLOUR=blue")
    assert "the config has changed" in app.server.podshift("restart", app.name, "worker", check=False).stderr
    app.server.podshift("scale", app.name, "worker=0")
    assert app.server.json("config", app.name) == {"COLOUR": "blue"}  # it waits for the next release


def started_at(app: App, container: str) -> str:
    return app.server.engine("inspect", "--format={{.State.StartedAt}}", container)


def test_there_must_be_something_to_stop_or_start(app: App) -> None:
    for command in ("stop", "start", "restart"):
        done = app.server.podshift(command, app.name, check=False)
        assert (done.returncode, "has no live release" in done.stderr) == (1, True), done.stderr
