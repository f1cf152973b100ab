"""Names and texts that somebody else chose: refused, or printed harmlessly."""

import re
import secrets

import pytest

from podshift.settings import Home
from server import App, Checkout, Server
from server.installation import created

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


NO_NAMES = ("../x", "a b", "-x", ";x", "x" * 41, "Hello", "", "1x", "x_y", "x.y", "x/y", "ä", "x\n", "--x\n", "$(id)")


def test_a_name_that_is_none_is_refused(server: Server) -> None:
    before = everything(server)
    for name in NO_NAMES:
        for words in (["create", "--", name], ["create", name]):
            done = server.podshift(*words, check=False)
            assert done.returncode in (1, 2), done
            assert not done.stdout
            assert "rror: " in done.stderr
            assert "Traceback" not in done.stderr
    assert everything(server) == before


def test_a_branch_or_a_folder_that_steers_a_terminal_is_refused(server: Server) -> None:
    before = everything(server)
    for option in (["--branch", "a\x9b31m"], ["--branch", "a\u202eb"], ["--path", "a\x9b31m"], ["--path", "a\u202eb"]):
        done = server.podshift("create", "hostile", *option, check=False)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert "hint: " in done.stderr
        assert not CONTROL.search(done.stderr)
    assert everything(server)[1:] == before[1:]
    assert not list(server.home.rglob("*hostile*"))


def test_a_name_of_the_installations_own_is_refused(server: Server) -> None:
    """An app's network would be the one of the edge, which is on none of the apps'."""
    before = everything(server)
    identity = Home(server.home).identity
    for name in (f"edge-{identity}", f"proxy-{identity}"):
        done = server.podshift("create", name, check=False)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert f"podshift-{name} is a name of podshift's own" in done.stderr
        assert "hint: choose another name" in done.stderr
    assert everything(server) == before


def test_the_longest_name_is_fine(server: Server) -> None:
    name = f"longest-{secrets.token_hex(16)}"
    assert len(name) == 40
    with created(server, name=name):
        assert name in [one["app"] for one in server.json("apps")]


def everything(server: Server) -> list[object]:
    """Whatever a creation leaves: files, networks, apps. Not what a look at it leaves (the database's journal)."""
    files = sorted(str(path) for path in server.home.rglob("*") if "podshift.db" not in path.name)
    networks = server.engine("network", "ls", f"--filter=label=podshift.home={server.home}", "--format={{.Name}}")
    return [files, sorted(networks.split()), server.json("apps")]


@pytest.mark.parametrize("command", ["status", "releases", "output", "logs", "render", "rollback", "restart", "cancel"])
def test_a_command_for_no_app_says_so(server: Server, command: str) -> None:
    done = server.podshift(command, "../x", check=False)
    assert done.returncode == 1
    assert "there is no app '../x'" in done.stderr
    assert "hint" in done.stderr


def test_a_commit_message_cannot_steer_a_terminal(app: App, checkout: Checkout) -> None:
    message = "\x1b[31mRed\x1b]0;title\x07 \x1b[2J\u202etxt.exe\x9b5A \rerror: gone\nremote: success: not so"
    checkout.commit(message)
    pushed = checkout.push(app)
    texts = [
        pushed.text.replace("\x1b[K", ""),  # git's own, at the end of each line on a terminal that it takes for one
        app.server.podshift("status", app.name).stdout,
        app.server.podshift("releases", app.name).stdout,
        app.server.podshift("output", app.name).stdout,
    ]
    for text in texts:
        assert "Red" in text or "gone" in text
        assert not CONTROL.search(text), CONTROL.search(text)
    assert app.states() == ["live"]


def test_a_build_cannot_steer_a_terminal(app: App, checkout: Checkout) -> None:
    container = (checkout.folder / "Containerfile").read_text()
    steps = container.replace("EXPOSE", "RUN printf '\\033[31mred\\033]0;t\\007\\033[2J \\302\\233 done\\n'\nEXPOSE")
    checkout.commit("Loud", Containerfile=steps)
    pushed = checkout.push(app)
    assert "is live" in pushed.said
    assert "done" in pushed.said
    assert not CONTROL.search(pushed.text.replace("\x1b[K", ""))


def test_an_apps_log_lines_cannot_steer_a_terminal(app: App, checkout: Checkout) -> None:
    command = "printf '\\033[31mred\\033]0;t\\007\\033[2J\\n'; exec python3 app.py"
    container = (checkout.folder / "Containerfile").read_text()
    checkout.commit("Loud", Containerfile=f'{container}CMD ["sh", "-c", "{command}"]\n'.replace("\\", "\\\\"))
    checkout.push(app)
    text = app.server.podshift("logs", app.name).stdout
    assert "red" in text
    assert not CONTROL.search(text)


def test_file_names_may_be_anything(app: App, checkout: Checkout) -> None:
    for name in ("a\nb", "-rf", "--help", "$(touch x)", ";x", "ä\x1b[31m", "with space", "'quoted\""):
        (checkout.folder / name).write_text(f"{name}\n")
        (checkout.folder / "folder" / name).mkdir(parents=True)
        (checkout.folder / "folder" / name / name).write_text("x")
    checkout.commit("Names")
    pushed = checkout.push(app)
    assert "is live" in pushed.said
    listed = app.server.engine("exec", f"{app.name}-web-1-1", "cat", "/app/a\nb", "/app/--help", "/app/folder/;x/;x")
    assert listed == "a\nb\n--help\nx"
