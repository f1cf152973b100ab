"""Twenty apps on one installation: each answers for itself, and looking at them stays quick."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.installation import installed

APPS = 20
MOST_SECONDS = 1.0
TRIES = 5


def new_app(server: Server) -> App:
    """Left to uninstall, which takes all of them away."""
    made = server.json("create", f"app-{secrets.token_hex(3)}")
    return App(server, made["app"], Path(made["repository"]), server.remote(made))


@pytest.mark.matrix
def test_the_status_of_twenty_apps(tmp_path: Path, checkout: Checkout, measured: Callable[[str], None]) -> None:
    with installed(tmp_path / "home") as server, ThreadPoolExecutor(4) as pool:
        apps = [new_app(server) for _ in range(APPS)]
        assert all(pushed.code == 0 for pushed in pool.map(checkout.push, apps))
        assert {app.get() for app in apps} == {(200, "hello from v1\n")}
        times = []
        for _ in range(TRIES):
            began = time.monotonic()
            found = server.json("status")
            times.append(time.monotonic() - began)
        assert {one["app"] for one in found} == {app.name for app in apps}
        assert all(one["processes"]["web"][0]["upstream"] == "up" for one in found)
        measured(f"the status of {APPS} apps takes {min(times):.2f} s")
        assert min(times) < MOST_SECONDS
