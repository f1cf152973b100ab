"""Config variables: byte for byte to the app, seen by nobody else, one snapshot a release."""

import json

import pytest

from load import Load
from server import App, Checkout
from server.installation import wait_until

AWKWARD = {
    "SPACES": "  two  spaces  ",
    "QUOTES": """'single' "double" `back`""",
    "DOLLAR": "$HOME ${PATH} $(id)",
    "LINES": "first\nsecond\n\nlast\n",
    "UNICODE": "naïve – 雪 🎈",
    "EQUALS": "a=b=c",
    "HASH": "# no comment",
    "EMPTY": "",
    "RETURN": "ends in a carriage return\r",
    "TABS": "\ta\tb\t",
    "LONG": "x" * 70_000,
    "XTABLES_LIBDIR": "/of/the app",
    "PATH": "/usr/local/bin:/usr/bin:/bin:/of the app",
    "LD_PRELOAD": "",
    "HTTP_PROXY": "http://proxy.invalid:3128",
}


def environment_of(app: App) -> dict[str, str]:
    """What the app's process really has, read inside its container."""
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    found: dict[str, str] = json.loads(
        app.server.podshift("exec", app.name, "--", "/usr/bin/python3", "-c", program).stdout
    )
    return found


def test_values_arrive_byte_for_byte(app: App, checkout: Checkout) -> None:
    for name in ("LINES", "UNICODE"):
        app.server.podshift("config", app.name, "set", name, input=AWKWARD[name])
    rest = [f"{name}={value}" for name, value in AWKWARD.items() if name not in ("LINES", "UNICODE")]
    app.server.podshift("config", app.name, "set", *rest)
    checkout.push(app)
    found = environment_of(app)
    assert {name: found.get(name) for name in AWKWARD} == AWKWARD
    assert app.server.json("config", app.name) == AWKWARD
    always = {"PODSHIFT_APP": app.name, "PODSHIFT_RELEASE": "v1", "PORT": "8080"}
    assert {name: found[name] for name in always} == always
    assert found["PODSHIFT_COMMIT"] == checkout.git("rev-parse", "HEAD")


def test_a_value_is_seen_nowhere_else(app: App, checkout: Checkout) -> None:
    secret = "correct-horse-battery"
    app.server.podshift("config", app.name, "set", "TOKEN", input=secret)
    pushed = checkout.push(app)
    changed = app.server.podshift("config", app.name, "set", "OTHER=1")
    assert secret not in pushed.text + changed.stdout + changed.stderr
    assert secret not in app.server.engine("image", "inspect", f"localhost/podshift/{app.name}:v1")
    assert secret not in app.server.engine("history", "--no-trunc", f"localhost/podshift/{app.name}:v1")
    logs = list((app.server.home / "apps" / app.name / "logs").iterdir())
    assert logs
    assert not any(secret in log.read_text() for log in logs)
    assert (app.server.home / "podshift.db").stat().st_mode & 0o077 == 0


def test_setting_one_makes_a_release_and_loses_no_request(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    with Load(app.server.url, host=app.host, clients=8) as load:
        load.wait_for(lambda tally: tally.requests > 100)
        said = app.server.podshift("config", app.name, "set", "COLOUR=blue").stdout
    assert "0 failed" in said
    assert load.result.failed == 0, load.result
    assert environment_of(app)["COLOUR"] == "blue"
    assert app.states() == ["retired", "live"]


def test_rollback_restores_image_and_config(app: App, checkout: Checkout) -> None:
    app.server.podshift("config", app.name, "set", "COLOUR=blue")
    checkout.push(app)
    checkout.version("v2")
    checkout.push(app)
    app.server.podshift("config", app.name, "set", "COLOUR=red")
    app.server.podshift("rollback", app.name, "v1")
    assert app.get() == (200, "hello from v1\n")
    assert environment_of(app)["COLOUR"] == "blue"
    assert app.server.json("config", app.name) == {"COLOUR": "blue"}
    assert app.server.json("config", app.name, "--release", "v3") == {"COLOUR": "red"}
    app.server.podshift("config", app.name, "set", "COLOUR=green")
    app.server.podshift("rollback", app.name, "v2", "--keep-config")
    assert app.get() == (200, "hello from v2\n")
    assert environment_of(app)["COLOUR"] == "green"


def test_no_restart_waits_for_the_next_release(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    app.server.podshift("config", app.name, "set", "COLOUR=blue", "--no-restart")
    assert app.states() == ["live"]
    assert "COLOUR" not in environment_of(app)
    app.server.podshift("restart", app.name)
    assert environment_of(app)["COLOUR"] == "blue"


def test_config_with_which_the_app_does_not_start_changes_nothing(app: App, checkout: Checkout) -> None:
    checkout.push(app)
    done = app.server.podshift("config", app.name, "set", "BEHAVIOUR=crash", check=False)
    assert done.returncode == 1
    assert "exited at start" in done.stdout + done.stderr
    commit = checkout.git("rev-parse", "HEAD")[:7]
    assert f"{app.name}: v1 ({commit}) still serves; not kept: set BEHAVIOUR\n" in done.stdout
    assert "hint: what it printed is above; mend it and try again" in done.stderr
    assert app.get() == (200, "hello from v1\n")
    assert app.server.json("config", app.name) == {}


def test_an_env_file(app: App, tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "production.env"
    file.write_text("# comment\nA=1\nB='two words'\nexport C=\"$A\\n\"\n")
    app.server.podshift("config", app.name, "set", "--env-file", str(file))
    assert app.server.json("config", app.name) == {"A": "1", "B": "two words", "C": "$A\n"}
    done = app.server.podshift("config", app.name, "set", "D", "--env-file", "-", check=False, input="A=2\n")
    assert "so it must be the only one" in done.stderr
    done = app.server.podshift("config", app.name, "set", "--env-file", "-", check=False, input="# nothing\n")
    assert "standard input has no variables" in done.stderr
    done = app.server.podshift("config", app.name, "set", "--env-file", "-", check=False, input="A=3\nbad line\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: standard input, line 2: no NAME=value\nhint: ")
    done = app.server.podshift("config", app.name, "set", "A", check=False, input="")
    assert "standard input has no value for A" in done.stderr
    assert app.server.json("config", app.name)["A"] == "1"
    app.server.podshift("config", app.name, "set", "--env-file", "-", input="A=2\n")
    assert app.server.json("config", app.name)["A"] == "2"
    assert app.server.json("config", app.name, "get", "C", "A") == {"C": "$A\n", "A": "2"}
    app.server.podshift("config", app.name, "unset", "A", "B")
    assert app.server.podshift("config", app.name).stdout == "C=$'$A\\n'\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "1A=x"], "no name for a variable"),
        (["set", "PORT=1"], "set web.port"),
        (["set", "PODSHIFT_APP=x"], "given by podshift"),
        (["unset", "NOPE"], "NOPE not set\nhint: podshift config app-"),
        (["set"], "nothing to set"),
    ],
)
def test_what_is_refused(app: App, words: list[str], said: str) -> None:
    done = app.server.podshift("config", app.name, *words, check=False)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    wait_until(lambda: app.server.json("config", app.name) == {})


def test_a_value_that_is_no_text_is_refused_and_shown_nowhere(app: App) -> None:
    secret = "hunter2-p\udce4ss"  # as a shell passes a byte on that is no UTF-8
    for words in (["set", f"PW={secret}"], ["set", "--build", f"PW={secret}"], ["set", "A=1", f"PW={secret}"]):
        done = app.server.podshift("config", app.name, *words, check=False)
        assert done.returncode == 1
        assert "error: the value of PW is not UTF-8 text" in done.stderr
        assert "hunter2" not in done.stdout + done.stderr
    assert app.server.json("config", app.name) == {}
    assert "hunter2" not in app.server.podshift("events", app.name).stdout
