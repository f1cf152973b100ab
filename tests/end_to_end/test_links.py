"""A link: one app finds another by its plain name, when the operator has granted it, and only then."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import App, Checkout, Server
from server.engines import subnet_of
from server.inside import inside, reach
from server.installation import ENGINE, created

LOOP = """
import http.client, sys
done = failed = 0
seen = set()
while len(seen) < 2 and done < 20000:
    connection = http.client.HTTPConnection(sys.argv[1], timeout=10)
    try:
        connection.request("POST", "/", b"x")
        response = connection.getresponse()
        seen.add(response.read())
        failed += response.status != 200
    except OSError:
        failed += 1
    connection.close()
    done += 1
print(done, failed, len(seen))
"""


@pytest.fixture(scope="module")
def other(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Checkout]]:
    """The app that another wants to reach."""
    checkout = Checkout(tmp_path_factory.mktemp("other") / "checkout")
    checkout.version("the other")
    with created(server, "--domain=the.other.example") as app:  # else it answers to hosts of nobody's
        assert checkout.push(app).code == 0
        yield app, checkout


def linked(checkout: Checkout, *names: str) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    checkout.commit("Links", podshift_toml=f'links = [{listed}]\n[web]\nwatch = "0s"\n')


def test_a_link_is_granted_used_and_taken_back(
    server: Server, app: App, checkout: Checkout, other: tuple[App, Checkout]
) -> None:
    target, others = other
    linked(checkout, target.name)
    refused = checkout.push(app)
    assert refused.code != 0
    assert f"error: podshift.toml wants a link to {target.name}, which {app.name} was not granted" in refused.said
    assert f"hint: on the server: podshift allow {app.name} link:{target.name}" in refused.said
    assert app.releases() == []
    granted = server.podshift("allow", app.name, f"link:{target.name}")
    assert granted.stdout == f"link:{target.name}\n"
    assert f'links = ["{target.name}"]' in granted.stderr
    assert checkout.push(app).code == 0
    for port in (80, 8080):
        assert reach(app, target.name, port).endswith("hello from the other")
    assert server.podshift("run", app.name, "--", "python3", "-c", LOOP.replace("2 and", "1 and"), target.name).stdout

    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(inside(app, "python3", "-c", LOOP, target.name)))
    asking.start()
    others.version("the other, anew")
    assert others.push(target).code == 0
    asking.join(timeout=120)
    done, failed, seen = map(int, said[0].split())
    assert (failed, seen) == (0, 2), said
    assert done > 20

    server.podshift("allow", app.name, f"link:{target.name}", "--remove")
    assert "No link to this app was granted." in reach(app, target.name, 80)


def test_who_has_no_link_gets_nothing_by_that_name(app: App, checkout: Checkout, other: tuple[App, Checkout]) -> None:
    """Nor does the public; and an app that is gone is no link any more."""
    target, _ = other
    assert checkout.push(app).code == 0
    proxy = subnet_of(app.server, f"podshift-{app.name}").removesuffix("0/24") + "251"
    assert "No link to this app was granted." in reach(app, proxy, 8080, name=target.name)
    assert "No app answers to this name" in reach(app, proxy, 8080, name="destroyed")
    assert "the other" not in app.server.get(target.name)[1]
    assert reach(app, target.name, 80) == "gaierror"


def test_what_is_no_grant_is_refused(server: Server, app: App, other: tuple[App, Checkout]) -> None:
    target, _ = other
    for what, why in (
        ("link:nobody", "there is no app 'nobody'"),
        (f"link:{app.name}", "reaches itself anyway"),
        ("cap:NET_RAW,SYS_ADMIN", "is nothing that can be granted"),
        ("privileged", "known are link:OTHER-APP"),
        (f"path:{server.home}:/home", "would show podshift's own files"),
        ("path:/:/host", "is nothing that can be granted"),
        ("path:/srv/none:/media:rw", "is nothing that can be granted"),
        (f"volume:{target.name}.none:/data", "there is no volume"),
    ):
        done = server.podshift("allow", app.name, f"link:{target.name}", what, check=False)
        assert done.returncode == 1, what
        assert why in done.stderr
    assert server.json("allow", app.name) == []
    assert "was not granted" in server.podshift("allow", app.name, "cap:NET_RAW", "--remove", check=False).stderr


def test_what_is_granted_becomes_an_argument_of_the_containers(server: Server, app: App, tmp_path: Path) -> None:
    if ENGINE == "rootless":  # tmp_path is root's alone
        done = server.podshift("allow", app.name, f"path:{tmp_path}:/media", check=False)
        assert f"cannot see {tmp_path}: Permission denied" in done.stderr
        tmp_path = Path("/srv")
    grants = ("cap:net_raw", f"path:{tmp_path}:/media:ro", "device:/dev/fuse")
    said = server.podshift("allow", app.name, *grants)
    assert said.stdout.split() == ["cap:NET_RAW", "device:/dev/fuse", f"path:{tmp_path}:/media:ro"]
    assert f"podshift restart {app.name}" in said.stderr
    wanted = {"--cap-add=NET_RAW", "--device=/dev/fuse", f"--volume={tmp_path}:/media:ro"}
    assert wanted <= set(server.podshift("render", app.name).stdout.splitlines())
    server.podshift("allow", app.name, "--remove", *grants)
    assert not wanted & set(server.podshift("render", app.name).stdout.splitlines())
