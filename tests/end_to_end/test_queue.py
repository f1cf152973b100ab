"""Several pushes at once: one app's deploys come one after the other, two apps' side by side."""

from pathlib import Path

from server import App, Checkout, Server
from server.installation import created, wait_until
from server.under_way import (
    finished,
    held_start,
    holder,
    in_build,
    in_start,
    let_go,
    long_build,
    nothing_runs,
    processes,
)


def waiting(app: App) -> int:
    """How many wait for the app's lock: their logs have no release's name yet."""
    logs = (app.server.home / "apps" / app.name / "logs").glob(".*.log")
    return sum("waiting for the deploy of" in " ".join(log.read_text().split()) for log in logs)


def test_two_pushes_at_once_never_interleave(app: App, checkout: Checkout, tmp_path: Path) -> None:
    checkout.push(app)
    first_commit = held_start(checkout, "v2")
    first = checkout.start_push(app)
    in_start(app, 2)
    other = checkout.clone(tmp_path / "other")
    other.commit("Version v3", version_txt="v3\n", Containerfile=(checkout.folder / "Containerfile").read_text())
    second = other.start_push(app)
    wait_until(lambda: waiting(app) == 1, what="the second push in the queue")
    assert app.status()["deploying"] == f"deploy of {first_commit[:7]} by {holder(app)['who']}"  # type: ignore[index]
    assert app.containers() == [f"{app.name}-web-1-1", f"{app.name}-web-2-1"]
    let_go(app, 2)
    in_start(app, 3)
    let_go(app, 3)
    assert "v2" in finished(first).said
    assert f"queue waiting for the deploy of {first_commit[:7]} by " in finished(second).said
    assert app.states() == ["retired", "retired", "live"]
    assert app.get() == (200, "hello from v3\n")
    assert app.containers() == [f"{app.name}-web-3-1"]
    nothing_runs(app.server)


def test_the_middle_one_of_three_is_superseded(app: App, checkout: Checkout, tmp_path: Path) -> None:
    held_start(checkout, "v1")
    first = checkout.start_push(app)
    in_start(app, 1)
    others = checkout.clone(tmp_path / "b"), checkout.clone(tmp_path / "c")
    middle_commit = others[0].commit("Version v2", version_txt="v2\n")
    middle = others[0].start_push(app)
    wait_until(lambda: waiting(app) == 1, what="the second push in the queue")
    others[1].git("pull", "--quiet", str(others[0].folder), "main")
    last_commit = others[1].commit("Version v3", version_txt="v3\n")
    last = others[1].start_push(app)
    wait_until(lambda: waiting(app) == 2, what="the third push in the queue")
    let_go(app, 1)
    # Which of the two that wait comes next is left to the kernel; it makes no difference.
    wait_until(lambda: last_commit in {release["commit"] for release in app.releases()}, what="the last one's turn")
    number = next(release["number"] for release in app.releases() if release["commit"] == last_commit)
    in_start(app, number)
    let_go(app, number)
    assert "v1 (" in finished(first).said
    assert "is superseded: a newer push came in meanwhile" in finished(middle).said
    assert "is live" in finished(last).said
    states = {release["commit"]: release["state"] for release in app.releases()}
    assert (states[middle_commit], states[last_commit]) == ("superseded", "live")
    assert app.get() == (200, "hello from v3\n")
    assert checkout.git("ls-remote", app.remote, "main").split()[0] == last_commit


def test_two_apps_do_not_wait_for_each_other(server: Server, app: App, checkout: Checkout, tmp_path: Path) -> None:
    quick = checkout.clone(tmp_path / "quick")
    long_build(checkout, "v1")
    slow = checkout.start_push(app)
    in_build(app, 1)
    with created(server) as other:
        assert "is live" in quick.push(other).said
        assert other.get() == (200, "hello from v1\n")
        assert app.states() == ["building"]
        assert slow.poll() is None
    server.podshift("cancel", app.name)
    slow.communicate(timeout=60)
    assert processes(server) == []
