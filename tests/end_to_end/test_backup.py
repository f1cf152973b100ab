"""backup and restore: all that cannot be made again, on a machine that had nothing of it."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from load import Load
from server import App, Checkout, Server
from server.edge import Edge, edge_addresses
from server.engines import engine, subnet_of
from server.installation import created, free_port, installed


@contextmanager
def restored(folder: Path, archive: Path, port: int) -> Iterator[Server]:
    """podshift restore into a new home, and podshift uninstall whatever happens."""
    server = Server(folder, port)
    try:
        server.podshift("restore", str(archive))
        yield server
    finally:
        server.podshift("uninstall", "--volumes", "--yes", check=False)


def moved(app: App, server: Server) -> App:
    """The same app on the other machine."""
    repository = server.home / "repositories" / app.repository.name
    return App(server, app.name, repository, str(repository))


@pytest.mark.matrix
def test_what_ran_runs_again_on_another_machine(tmp_path: Path) -> None:
    archive = tmp_path / "podshift.tar.gz"
    shop, blog = Checkout(tmp_path / "shop"), Checkout(tmp_path / "blog")
    with installed(tmp_path / "old") as old, created(old, "--domain", "shop.example") as app, created(old) as other:
        old.podshift("config", app.name, "set", "COLOUR=dark blue")
        shop.push(app)
        shop.version("v2")
        shop.push(app)
        old.podshift("rollback", app.name)  # the live commit is behind the branch
        old.podshift("scale", app.name, "web=2")
        blog.push(other)
        old.podshift("stop", other.name)
        (old.home / "templates" / "run.args.j2").write_text("--init\n--label=template=own\n")
        (old.home / "templates" / other.name).mkdir()
        (old.home / "templates" / other.name / "run.args.j2").write_text("--init\n")
        with Load(old.url, host="shop.example", clients=2):
            said = old.podshift("backup", str(archive)).stdout
        assert said.startswith(f"{archive}: 2 apps, ")
        before = {one.name: one.releases() for one in (app, other)}
        events = old.json("events")
    assert archive.stat().st_mode & 0o777 == 0o600
    with restored(tmp_path / "new home", archive, old.port) as new:
        done = new.podshift("up")
        assert f"the image of v3 is gone; building {before[app.name][0]['commit'][:7]} again" in done.stdout
        assert new.get("shop.example") == (200, "hello from v1\n")
        assert [one.releases() for one in (moved(app, new), moved(other, new))] == list(before.values())
        assert new.json("events") == events
        assert new.json("config", app.name) == {"COLOUR": "dark blue"}
        assert new.json("scale", app.name) == {"web": 2}
        assert len(moved(app, new).containers()) == 2
        assert new.engine("inspect", moved(app, new).containers()[0], "--format={{.Config.Labels.template}}") == "own\n"
        assert moved(other, new).containers() == []
        assert new.get(other.host)[0] == 503
        new.podshift("start", other.name)
        assert new.get(other.host) == (200, "hello from v1\n")
        shop.version("v3")
        assert "is live" in shop.push(moved(app, new)).said
        assert new.get("shop.example") == (200, "hello from v3\n")
        assert [one["level"] for one in new.json("doctor") if one["level"] == "error"] == []


@pytest.mark.matrix
def test_the_https_edge_comes_back_too(tmp_path: Path) -> None:
    """With a new authority of its own: certificates are in a volume, and volumes are not in a backup."""
    archive, checkout = tmp_path / "podshift.tar.gz", Checkout(tmp_path / "checkout")
    http, https = edge_addresses()
    with installed(tmp_path / "old") as old, created(old, "--domain", "shop.example") as app:
        old.podshift("edge", "on", "--internal", "--http", http, "--https", https)
        checkout.push(app)
        before = Path(old.json("edge")["root"]).read_text()
        old.podshift("backup", str(archive))
    with restored(tmp_path / "new", archive, old.port) as new:
        new.podshift("up")
        edge = Edge(new, http, https, Path(new.json("edge")["root"]))
        assert edge.curl("https://shop.example/", "--http2")["body"] == "hello from v1"
        assert edge.root.read_text() != before
        assert [one for one in new.json("doctor") if one["level"] == "error"] == []


@pytest.mark.matrix
def test_an_address_that_is_taken_there(tmp_path: Path) -> None:
    """The repository's commits have SHA-256 names, which the other machine has to know before it unpacks them."""
    archive, checkout = tmp_path / "podshift.tar.gz", Checkout(tmp_path / "checkout", object_format="sha256")
    with installed(tmp_path / "old") as old, created(old, "--object-format=sha256") as app:
        checkout.push(app)
        network = f"podshift-{app.name}"
        subnet = subnet_of(old, network)
        old.podshift("backup", str(archive))
    occupied = f"occupied-{app.name}"
    with suppress(subprocess.CalledProcessError):  # a test beside this one may have taken it: as good
        engine("network", "create", f"--subnet={subnet}", occupied)
    try:
        with restored(tmp_path / "new", archive, old.port) as new:
            new.podshift("up")
            assert new.get(app.host) == (200, "hello from v1\n")
            checkout.version("v2")
            checkout.push(moved(app, new))
            assert new.get(app.host) == (200, "hello from v2\n")
    finally:
        engine("network", "rm", occupied)


@pytest.mark.matrix
def test_beside_an_installation_that_has_the_app(tmp_path: Path) -> None:
    archive = tmp_path / "podshift.tar.gz"
    with installed(tmp_path / "old") as old, created(old) as app:
        old.podshift("backup", str(archive))
        new = Server(tmp_path / "new", old.port)
        done = new.podshift("restore", str(archive), check=False)
        try:
            assert done.returncode == 1
            said = f"this engine has a network podshift-{app.name} already, of {old.home}"
            assert f"error: all is restored, but this machine is not ready: {said}" in done.stderr
            assert "hint: installations on one engine share its names" in done.stderr
        finally:
            new.podshift("uninstall", "--volumes", "--yes", check=False)
        assert old.podshift("status", app.name).stdout.startswith(f"{app.name}: nothing live yet")


def test_only_an_empty_home_is_restored_to(server: Server, tmp_path: Path) -> None:
    archive = tmp_path / "podshift.tar.gz"
    server.podshift("backup", str(archive))
    done = server.podshift("restore", str(archive), check=False)
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert server.json("doctor")


def pack(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def file(name: str) -> tarfile.TarInfo:
    return tarfile.TarInfo(name)


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    "member",
    [
        file("../evil"),
        file("/tmp/podshift-evil"),
        file("templates/../../evil"),
        file("templates/.hidden/../../../evil"),
        file("repositories/evil.git/hooks/post-receive"),
        file("bin/evil"),
        link("templates/evil", "/etc"),
        link("settings.toml", "/etc/shadow"),
        link("podshift.db", "/etc/shadow", tarfile.LNKTYPE),
        link("templates/pipe", "", tarfile.FIFOTYPE),
    ],
    ids=lambda member: member.name,
)
def test_a_hostile_archive_leaves_nothing(tmp_path: Path, member: tarfile.TarInfo) -> None:
    archive = pack(tmp_path / "evil.tar.gz", (file("settings.toml"), b""), (member, b""))
    home = tmp_path / "in" / "home"
    home.mkdir(parents=True)
    done = Server(home, free_port()).podshift("restore", str(archive), check=False)
    assert done.returncode == 1
    assert "which no backup has" in done.stderr
    assert sorted(tmp_path.rglob("*")) == [archive, home.parent, home]
    assert not Path("/tmp/podshift-evil").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive at all", "cannot be restored"),
        (b"", "cannot be restored"),
        ("truncated", "cannot be restored"),
        ("empty", "is no backup of podshift's"),
        ("damaged", "the records are damaged"),
    ],
)
def test_what_is_no_backup(server: Server, tmp_path: Path, content: bytes | str, said: str) -> None:
    archive = tmp_path / "x.tar.gz"
    if content == "empty":
        pack(archive, (file("podshift.db"), b""))
    elif content == "damaged":
        about = (file("backup.json"), b'{"format": 1}')
        pack(archive, about, (file("settings.toml"), b""), (file("podshift.db"), b"SQLite format 3\0" + b"x" * 5000))
    elif content == "truncated":
        server.podshift("backup", str(archive))
        archive.write_bytes(archive.read_bytes()[:-2000])
    else:
        archive.write_bytes(bytes(content))  # type: ignore[arg-type]
    home = tmp_path / "home"
    done = Server(home, free_port()).podshift("restore", str(archive), check=False)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert list(home.iterdir()) == []
