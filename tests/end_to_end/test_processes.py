"""Processes beside web, scaling, the release command, one-off commands."""

import json
import os
import secrets
import signal
import subprocess

from load import Load
from server import App, Checkout, Server
from server.engines import take_away
from server.installation import PODSHIFT, created, wait_until

WEB = '[web]\nwatch = "0s"\n'
WORKER = (
    WEB
    + """
[process.worker]
command = ["/usr/bin/python3", "-c", "import time; print('working', flush=True); time.sleep(3600)"]
ready = { timeout = "1s" }
"""
)
BROKEN_WORKER = WORKER.replace("print('working', flush=True); time.sleep(3600)", "raise SystemExit('no queue')")


def upstreams(app: App) -> dict[str, str]:
    processes = app.status()["processes"]
    return {one["container"]: one["upstream"] for one in processes["web"]}


def test_a_worker_runs_beside_web_and_gets_no_requests(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-worker-1-1"]
    (worker,) = app.status()["processes"]["worker"]
    assert worker == {"container": f"{app.name}-worker-1-1", "state": "running", "upstream": None}
    assert "working" in app.server.podshift("logs", app.name, "--process", "worker").stdout


def test_two_apps_whose_containers_names_begin_alike(server: Server, checkout: Checkout) -> None:
    """`web` of app-x-api and `api-web` of app-x, both of their first release."""
    name = f"app-{secrets.token_hex(3)}"
    with created(server, name=name) as app, created(server, name=f"{name}-api") as longer:
        checkout.push(longer)
        checkout.commit("Like the other", podshift_toml=WORKER.replace("process.worker", "process.api-web"))
        pushed = checkout.push(app)
        assert "is live" in pushed.said, pushed.text
        assert app.containers() == [f"{name}-api-web-1-2", f"{name}-web-1-1"]
        assert longer.containers() == [f"{name}-api-web-1-1"]
        assert longer.get() == (200, "hello from v1\n")


def test_a_name_that_another_app_s_container_has(app: App, checkout: Checkout, server: Server) -> None:
    """Of an app that is just being deployed no record says so yet. What is not one's own is not taken away."""
    checkout.push(app)
    image, name = f"localhost/podshift/{app.name}:v1", f"{app.name}-web-2-1"
    server.engine("run", *server.run_options, "--detach", f"--name={name}", "--label=podshift.app=other", image)
    try:
        checkout.version("v2")
        assert "is already in use" in checkout.push(app).said
        assert app.get() == (200, "hello from v1\n")
        assert server.engine("inspect", "--format={{.State.Running}}", name).strip() == "true"
    finally:
        take_away(server, name)
    checkout.version("v3")
    assert "is live" in checkout.push(app).said


def test_an_image_cannot_say_of_its_containers_what_podshift_says(app: App, checkout: Checkout) -> None:
    """That one is the HTTPS edge, or that its log is to be kept in a file of the server's."""
    labels = "LABEL podshift.role=edge podshift.log=/tmp/of-the-server podshift.app=other podshift.address=10.0.0.1\n"
    own = (checkout.folder / "Containerfile").read_text()
    checkout.commit("Labels", Containerfile=own.replace("CMD", f"{labels}CMD"))
    checkout.push(app)
    command = [PODSHIFT, "run", app.name, "--", "cat"]
    with subprocess.Popen(command, env=app.server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as once:
        listed = f"--filter=label=podshift.app={app.name}"
        wait_until(lambda: len(app.server.engine("ps", "--quiet", listed).split()) == 2, what="the one-off container")
        found = json.loads(app.server.engine("inspect", *app.server.engine("ps", "--quiet", listed).split()))
        once.communicate(b"")
    said = {one["Config"]["Labels"]["podshift.process"]: one["Config"]["Labels"] for one in found}
    assert {labels["podshift.role"] for labels in said.values()} == {"app"}
    assert (said["run"]["podshift.log"], said["run"]["podshift.address"]) == ("", "")


def test_a_procfile_serves_where_the_manifest_says_nothing(app: App, checkout: Checkout) -> None:
    checkout.commit("Procfile", Procfile="worker: exec python3 -c 'import time; time.sleep(3600)'\n")
    checkout.push(app)
    assert f"{app.name}-worker-1-1" in app.containers()


def test_a_worker_that_does_not_stay_up_switches_nothing(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    before = app.containers()
    checkout.commit("Broken worker", podshift_toml=BROKEN_WORKER, version_txt="v2\n")
    pushed = checkout.push(app)
    assert f"{app.name}-worker-2-1 exited at start" in pushed.said
    assert "no queue" in pushed.said
    assert app.get() == (200, "hello from v1\n")
    assert app.containers() == before
    assert app.states() == ["live", "failed"]


def test_one_that_ends_without_a_word_is_told_of_by_its_status(app: App, checkout: Checkout) -> None:
    checkout.commit("Silent", podshift_toml=f'{WEB}command = "exit 3"\n')
    pushed = checkout.push(app)
    assert f"error: {app.name}-web-1-1 exited at start with status 3 hint: it printed nothing" in pushed.said
    assert app.releases()[0]["error"] == f"{app.name}-web-1-1 exited at start with status 3"


def test_one_that_wants_more_memory_than_it_may_have(app: App, checkout: Checkout) -> None:
    greedy = WORKER.replace("time.sleep(3600)", "x = b'x' * (200 << 20)") + 'memory = "24m"\n'
    checkout.commit("Greedy", podshift_toml=greedy)
    pushed = checkout.push(app)
    assert "it was killed (SIGKILL), most likely for want of memory: its limit is 24m" in pushed.said
    assert "hint: raise process.worker.memory in podshift.toml" in pushed.said


def test_a_stop_first_worker_comes_back_when_the_new_one_fails(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER + 'order = "stop-first"\n')
    checkout.push(app)
    checkout.commit("Broken worker", podshift_toml=BROKEN_WORKER + 'order = "stop-first"\n')
    checkout.push(app)
    (worker,) = app.status()["processes"]["worker"]
    assert worker["container"] == f"{app.name}-worker-1-1"
    assert worker["state"] == "running"


def test_scale_touches_only_what_must_change(app: App, checkout: Checkout) -> None:
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    began = app.server.engine("inspect", "--format={{.State.StartedAt}}", f"{app.name}-web-1-1")
    with Load(app.server.url, host=app.host, clients=8) as load:
        load.wait_for(lambda tally: tally.requests > 50)
        app.server.podshift("scale", app.name, "web=3", "worker=2")
        assert set(upstreams(app).values()) == {"up"}
        assert len(upstreams(app)) == 3
        app.server.podshift("scale", app.name, "web=1", "worker=0")
    assert load.result.failed == 0, load.result
    assert app.containers() == [f"{app.name}-web-1-1"]
    assert app.server.engine("inspect", "--format={{.State.StartedAt}}", f"{app.name}-web-1-1") == began
    assert app.server.json("scale", app.name) == {"web": 1, "worker": 0}


def test_scale_is_kept_by_the_next_push(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    app.server.podshift("scale", app.name, "web=2")
    checkout.version("v2")
    checkout.push(app)
    assert sorted(upstreams(app)) == [f"{app.name}-web-2-1", f"{app.name}-web-2-2"]


def test_a_push_says_whose_the_numbers_are_until_they_are_given_back(app: App, checkout: Checkout) -> None:
    server = app.server
    checkout.commit("Two", podshift_toml=f"{WEB}replicas = 2\n")
    assert " scale " not in checkout.push(app).said
    assert server.podshift("scale", app.name).stdout == "web=2\n"
    server.podshift("scale", app.name, "web=1")
    assert server.podshift("scale", app.name).stdout == "web=1 (podshift scale)\n"
    assert server.json("scale", app.name) == {"web": 1}
    checkout.version("v2")
    assert "scale web=1 (podshift scale); podshift.toml has 2" in checkout.push(app).said
    assert f"{app.name} runs web=2: 1 container started, 0 stopped" in server.podshift("scale", app.name, "web=").stdout
    assert server.podshift("scale", app.name).stdout == "web=2\n"
    assert len(app.containers()) == 2
    checkout.version("v3")
    assert "podshift scale" not in checkout.push(app).said
    assert server.podshift("scale", app.name, "wrker=", check=False).returncode == 1


def test_scale_refuses_what_it_does_not_know(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    done = app.server.podshift("scale", app.name, "wrker=2", check=False)
    assert done.returncode == 1
    assert "no process 'wrker'" in done.stdout + done.stderr
    assert app.server.podshift("scale", app.name, "web", check=False).returncode == 2


def test_more_containers_than_could_be_replaced_are_refused(app: App, checkout: Checkout) -> None:
    """A rotation has the old ones and the new ones on the app's network at once."""
    checkout.commit("Worker", podshift_toml=WORKER)
    checkout.push(app)
    done = app.server.podshift("scale", app.name, "web=40", "worker=22", check=False)
    assert f"{app.name} would have 62 containers, and 61 is the most" in done.stderr
    checkout.commit("Many", podshift_toml=WORKER.replace("[web]", "[web]\nreplicas = 50") + "replicas = 12\n")
    assert "would have 62 containers" in checkout.push(app).said
    assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-worker-1-1"]


def test_the_release_command_runs_once_before_anything_rotates(app: App, checkout: Checkout) -> None:
    app.server.podshift("config", app.name, "set", "GREETING=hello from config")
    command = '["/bin/sh", "-c", "echo migrating with $GREETING"]'
    checkout.commit("Release command", podshift_toml=f"{WEB}[release]\ncommand = {command}\n")
    pushed = checkout.push(app)
    assert pushed.said.count("migrating with hello from config") == 1
    assert pushed.said.index("migrating") < pushed.said.index(f"start {app.name}-web-1-1")
    assert app.containers() == [f"{app.name}-web-1-1"]


def test_a_release_command_that_fails_fails_the_deploy(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    checkout.commit(
        "Bad", podshift_toml=f'{WEB}[release]\ncommand = "echo no such table; exit 3"\n', version_txt="v2\n"
    )
    pushed = checkout.push(app)
    assert "no such table" in pushed.said
    assert "the release command failed" in pushed.said
    assert app.get() == (200, "hello from v1\n")
    assert app.containers() == [f"{app.name}-web-1-1"]


def test_run_passes_config_input_and_exit_status(app: App, checkout: Checkout) -> None:
    app.server.podshift("config", app.name, "set", "COLOUR=blue")
    checkout.push(app)
    done = app.server.podshift(
        "run", app.name, "--", "sh", "-c", "cat; echo $COLOUR; exit 7", input="in\n", check=False
    )
    assert (done.stdout, done.returncode) == ("in\nblue\n", 7)
    assert app.containers() == [f"{app.name}-web-1-1"]


def test_a_deploy_leaves_a_running_one_off_alone(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    with subprocess.Popen(
        [PODSHIFT, "run", app.name, "--", "sh", "-c", "echo ready; read line; echo got $line"],
        env=app.server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        checkout.version("v2")
        checkout.push(app)
        process.stdin.write("this\n")
        process.stdin.close()
        assert process.stdout.readline() == "got this\n"
    assert process.returncode == 0
    wait_until(lambda: app.containers() == [f"{app.name}-web-2-1"])


def test_a_run_whose_connection_is_gone_leaves_no_container(app: App, checkout: Checkout) -> None:
    """As when sshd, or whoever has called, ends it: SIGHUP and SIGTERM."""
    checkout.push(app)
    stubborn = "trap : HUP TERM; echo ready; while :; do sleep 1; done"
    for number in (signal.SIGHUP, signal.SIGTERM):
        command = [PODSHIFT, "run", app.name, "--", "sh", "-c", stubborn]
        with subprocess.Popen(command, env=app.server.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
        assert process.returncode == 128 + number
        assert app.containers() == [f"{app.name}-web-1-1"]


def test_run_has_a_terminal_when_there_is_one(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    side, other = os.openpty()
    command = [str(PODSHIFT), "run", app.name, "--", "sh", "-c", "test -t 0 && test -t 1 && echo a terminal"]
    process = subprocess.Popen(command, env=app.server.environment, stdin=other, stdout=other, stderr=other)
    os.close(other)
    assert process.wait(timeout=60) == 0
    assert "a terminal" in os.read(side, 4096).decode()
    os.close(side)
