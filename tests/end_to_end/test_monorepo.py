"""Several apps from one repository, each in a folder of its own."""

import shutil
from pathlib import Path

from server import Checkout, Server
from server.installation import created

SHARED = """\
FROM localhost/podshift-python:latest
COPY lib/greeting.txt /app/
COPY services/web/app.py services/web/version.txt /app/
WORKDIR /app
CMD ["python3", "app.py"]
"""


def monorepo(folder: Path) -> Checkout:
    """services/api and services/web with the hello app each; the second one's build sees the whole repository."""
    checkout = Checkout(folder)
    for name in ("api", "web"):
        (folder / "services" / name).mkdir(parents=True)
        for file in ("app.py", "Containerfile", "podshift.toml"):
            shutil.copy(folder / file, folder / "services" / name)
        (folder / "services" / name / "version.txt").write_text(name)
    (folder / "lib").mkdir()
    (folder / "lib" / "greeting.txt").write_text("shared")
    (folder / "services/web/Containerfile").write_text(SHARED)
    (folder / "services/web/podshift.toml").write_text('[build]\ncontext = "../.."\n[web]\nwatch = "0s"\n')
    for file in ("app.py", "Containerfile", "podshift.toml"):
        (folder / file).unlink()
    checkout.commit("Two services")
    return checkout


def test_two_apps_from_one_repository(server: Server, tmp_path: Path) -> None:
    checkout = monorepo(tmp_path / "checkout")
    with created(server, "--path", "./services/api/") as api, created(server, "--path=services/web") as web:
        for app, text in ((api, "api"), (web, "web")):
            assert "is live" in checkout.push(app).said
            assert app.get() == (200, f"hello from {text}\n")
        assert api.status()["path"] == "services/api"
        assert "from services/api of its repository" in server.podshift("status", api.name).stdout
        listed = {one["app"]: one["path"] for one in server.json("apps")}
        assert (listed[api.name], listed[web.name]) == ("services/api", "services/web")

        assert "from the next push on" in server.podshift("path", api.name, "services/web").stdout
        checkout.commit("Again")
        assert "is live" in checkout.push(api).said
        assert api.get() == (200, "hello from web\n")

        server.podshift("path", api.name, "services/gone")
        commit = checkout.commit("Not there")
        pushed = checkout.push(api)
        assert f"error: there is no folder services/gone in commit {commit[:7]}" in pushed.said
        assert f"podshift path {api.name} DIR" in pushed.said
        (checkout.folder / "services/linked").symlink_to("/etc")
        checkout.commit("A link")
        server.podshift("path", api.name, "services/linked")
        assert "services/linked is a symbolic link, and no folder" in checkout.push(api).said
        assert api.states() == ["retired", "live"]


def test_a_context_above_the_repository(server: Server, tmp_path: Path) -> None:
    checkout = monorepo(tmp_path / "checkout")
    (checkout.folder / "services/web/podshift.toml").write_text('[build]\ncontext = "../../.."\n')
    checkout.commit("Too high")
    with created(server, "--path=services/web") as web:
        pushed = checkout.push(web)
        assert "build.context: must be inside the repository" in pushed.said
        assert web.releases() == []


def test_a_path_that_cannot_be(server: Server) -> None:
    for path in ("../x", "/etc", "-x"):
        done = server.podshift("create", "never", f"--path={path}", check=False)
        assert done.returncode == 1
        assert "must be a relative path inside the repository" in done.stderr
    assert "never" not in [one["app"] for one in server.json("apps")]
