"""Where an installation keeps its things, and what is written down for its server."""

import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from podshift.errors import PodshiftError
from podshift.model import Edge
from podshift.settings import (
    Home,
    Settings,
    load_settings,
    make_home,
    make_private,
    save_settings,
    saved_settings,
    shipped,
    write_private,
)
from podshift.settings.contract import EDGE, RULES

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_home_is_podshift_home_else_below_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PODSHIFT_HOME", raising=False)
    assert Home.from_environment() == Home(tmp_path / ".local" / "share" / "podshift")
    monkeypatch.setenv("PODSHIFT_HOME", "")
    assert Home.from_environment() == Home(tmp_path / ".local" / "share" / "podshift")
    monkeypatch.setenv("PODSHIFT_HOME", "~/other")
    assert Home.from_environment() == Home(tmp_path / "other")


def test_a_home_of_nobody_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODSHIFT_HOME", "~no-such-user/podshift")
    with pytest.raises(PodshiftError, match="nobody knows where ~no-such-user is"):
        Home.from_environment()


def test_one_folder_is_one_installation_however_it_is_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    monkeypatch.chdir(tmp_path)
    homes = set()
    for name in ("home", "./home/", "link", str(tmp_path / "home")):
        monkeypatch.setenv("PODSHIFT_HOME", name)
        homes.add(Home.from_environment().identity)
    assert len(homes) == 1


def test_two_installations_never_share_a_name() -> None:
    one, other = Home(Path("/srv/a")), Home(Path("/srv/b"))
    assert one.proxy_name != other.proxy_name
    assert re.fullmatch(r"podshift-proxy-[0-9a-f]{8}", one.proxy_name)


def test_everything_of_an_app_lies_below_the_home(home: Home) -> None:
    for path in (home.repository("a"), home.app_folder("a"), home.lock("a"), home.log("a", 3), home.scratch("a")):
        assert path.is_relative_to(home.path)
    assert home.repository("hello").name == "hello.git"
    assert home.log("hello", 12).name == "v12.log"


def test_a_temporary_folder_is_private_and_goes_whatever_happens(home: Home) -> None:
    with pytest.raises(RuntimeError), home.temporary_folder("hello", "source") as folder:  # noqa: PT012
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(home.scratch("hello").stat().st_mode) == 0o700
        (folder / "file").write_text("x")
        raise RuntimeError
    assert list(home.scratch("hello").iterdir()) == []


def test_settings_come_back_as_they_were_saved(home: Home) -> None:
    settings = Settings(
        engine="docker",
        engine_options=("--runtime=runc", "--x=a b"),
        run_options=("--ulimit=nofile=1:2",),
        reasons=('it said "no"\nand went',),
        listen="127.0.0.1:8080",
        proxy_image="localhost/podshift-proxy:ü",
        backends=7,
        keep_images=2,
    )
    save_settings(home, settings)
    assert load_settings(home) == settings
    assert stat.S_IMODE(home.settings_file.stat().st_mode) == 0o600


def test_what_a_file_does_not_say_has_its_default(home: Home) -> None:
    home.settings_file.write_text("keep_images = 9\n")
    assert load_settings(home) == Settings(keep_images=9)


def test_before_init_there_is_no_installation(home: Home) -> None:
    with pytest.raises(PodshiftError, match=f"there is no installation in {home.path}") as caught:
        load_settings(home)
    assert caught.value.hint == "podshift init"


@pytest.mark.parametrize("text", [b"listen = \n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(home: Home, text: bytes) -> None:
    home.settings_file.write_bytes(text)
    with pytest.raises(PodshiftError, match=r"settings\.toml cannot be read: ") as caught:
        load_settings(home)
    assert caught.value.hint == "mend that line"


@contextmanager
def nobody() -> Iterator[None]:
    """Somebody else, for as long as it takes."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """One below which everybody may look."""
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@as_root
def test_who_comes_as_the_wrong_user_is_told_whose_the_installation_is(open_folder: Path) -> None:
    home = Home(make_private(open_folder / "home"))
    save_settings(home, Settings())
    with nobody():
        for use in (load_settings, saved_settings, make_home):
            with pytest.raises(PodshiftError) as caught:
                use(home)
            assert caught.value.message == f"{home.path} belongs to root, and you are nobody"
            assert caught.value.hint == "log in as root, or set PODSHIFT_HOME"
        for other in (open_folder / "new", open_folder / "a" / "b"):
            with pytest.raises(PodshiftError, match=f"{open_folder} belongs to root, and you are nobody"):
                make_home(Home(other))
    home.path.chmod(0o755)
    with nobody(), pytest.raises(PodshiftError, match=r"home belongs to root, and you are nobody"):
        make_home(home)


@as_root
def test_a_file_that_root_left_in_somebody_s_installation(open_folder: Path) -> None:
    home = Home(make_private(open_folder / "home"))
    save_settings(home, Settings())
    os.chown(home.path, 65534, -1)
    with nobody(), pytest.raises(PodshiftError) as caught:
        load_settings(home)
    assert caught.value.message == f"{home.settings_file} belongs to root, and you are nobody"
    assert caught.value.hint == f"as root: chown -R nobody {home.path}"


@as_root
def test_an_installation_of_one_s_own_that_was_shut(open_folder: Path) -> None:
    home = Home(open_folder / "home")
    home.path.mkdir(mode=0)
    os.chown(home.path, 65534, -1)
    with nobody(), pytest.raises(PodshiftError) as caught:
        load_settings(home)
    assert caught.value.message == f"{home.path} cannot be used: Permission denied"
    assert caught.value.hint == f"chmod u+rwx {home.path}"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_home_that_is_no_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    for use in (load_settings, saved_settings, make_home):
        with pytest.raises(PodshiftError, match=f"{tmp_path}/file is no folder") as caught:
            use(Home(tmp_path / "file" / below))
        assert caught.value.hint == "set PODSHIFT_HOME to one"


def test_a_home_whose_name_no_disk_can_hold(tmp_path: Path) -> None:
    for use in (load_settings, make_home):
        with pytest.raises(PodshiftError, match="cannot be used: File name too long") as caught:
            use(Home(tmp_path / ("x" * 300)))
        assert caught.value.hint == "set PODSHIFT_HOME to another folder"


def test_settings_that_are_not_there_are_none(home: Home) -> None:
    assert saved_settings(home) is None
    save_settings(home, Settings())
    assert saved_settings(home) == Settings()


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    """Whoever reads meanwhile sees the one or the other."""
    path = tmp_path / "file"
    texts = {"a" * 5000, "b" * 5000}
    write_private(path, "a" * 5000)
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for text in sorted(texts):
            write_private(path, text)
    done.set()
    reader.join()
    assert seen <= texts
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_file_that_was_open_to_others_is_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_folders_are_made_for_this_user_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = make_private(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert make_private(folder) == folder


@pytest.mark.parametrize("parts", [("templates", "run.args.j2"), ("hooks", "pre-receive"), ("hooks", "post-receive")])
def test_what_comes_with_podshift_is_found_in_a_checkout(parts: tuple[str, ...]) -> None:
    assert shipped(*parts).is_file()


def test_base_images_of_the_operator_s_own_go_before_podshift_s_and_stay(home: Home) -> None:
    home.settings_file.write_text('package_index = "host"\n[base_images]\npython = "localhost/python"\n')
    settings = load_settings(home)
    assert settings.bases["python"] == "localhost/python"
    assert settings.bases["node"] == Settings().bases["node"]
    save_settings(home, settings)
    assert load_settings(home) == settings
    assert "node" not in home.settings_file.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('base_images = { pyhton = "x" }', 'unknown key base_images.pyhton; did you mean "python"?'),
        ("base_images = { python = 3 }", "base_images.python must be the name of an image, not 3"),
        ('base_images = "python"', "base_images must be a table, not 'python'"),
        ('package_index = "mine"', "package_index must be none or host, not 'mine'"),
        ('engine = "lxc"', "engine must be podman or docker, not 'lxc'"),
        ("engine_options = '--x'", "engine_options must be a list of strings, not '--x'"),
        ("reasons = [1]", "reasons must be a list of strings, not a list"),
        ('storage = "here"', "storage must be the path of a folder, or empty, not 'here'"),
        ("listen = '80'", "listen must be an address such as 0.0.0.0:80, or none, not '80'"),
        ("listen = '0.0.0.0:70000'", "listen must be an address"),
        ("listen = '0.0.0.0:²'", "listen must be an address"),
        ('backends = "x"', "backends must be a whole number from 1 to 4,096, not 'x'"),
        ('keep_images = "five"', "keep_images must be a whole number from 0 to 1,000, not 'five'"),
        ("keep_images = -1", "keep_images must be a whole number from 0 to 1,000, not -1"),
        ("keep_images = true", "keep_images must be a whole number from 0 to 1,000, not true"),
        (f"keep_images = 0x{'f' * 5000}", "keep_images must be a whole number from 0 to 1,000, not a huge number"),
        ("parallel_builds = 0", "parallel_builds must be a whole number from 1 to 100, not 0"),
        ('build_seconds = "1h"', "build_seconds must be a whole number from 1 to 86,400, not '1h'"),
        ("engine_seconds = 1.5", "engine_seconds must be a whole number from 1 to 86,400, not 1.5"),
        ('build_memory = "lots"', "build_memory must be a size such as 512m or 2g, or empty, not 'lots'"),
        ('build_memory = "1k"', "build_memory must be a size"),
        ('build_memory = "²g"', "build_memory must be a size"),
        ("keep_image = 5", 'unknown key keep_image; did you mean "keep_images"?'),
        ("[nonsense]", "unknown key nonsense"),
        ("[edge]\nhttp = 80", "edge.http must be an address such as 0.0.0.0:80, not 80"),
        ("[edge]\ninternal = 'yes'", "edge.internal must be true or false, not 'yes'"),
        ("[edge]\nemial = ''", 'unknown key edge.emial; did you mean "email"?'),
        ("edge = true", "edge must be a table, not true"),
    ],
)
def test_a_setting_that_would_only_show_itself_later(home: Home, text: str, says: str) -> None:
    home.settings_file.write_text(text)
    with pytest.raises(PodshiftError, match=re.escape(f"{home.settings_file}: {says}")) as caught:
        load_settings(home)
    assert caught.value.hint == "mend that line"


def test_all_that_is_wrong_with_the_settings_is_said_at_once(home: Home) -> None:
    home.settings_file.write_text('keep_images = -1\nbuild_memory = "2g"\nenginee = "podman"\n[edge]\nimage = 1\n')
    with pytest.raises(PodshiftError) as caught:
        load_settings(home)
    assert caught.value.message == (
        f"{home.settings_file}: keep_images must be a whole number from 0 to 1,000, not -1; "
        'unknown key enginee; did you mean "engine"?; edge.image must be a string, not 1'
    )
    assert caught.value.hint == "mend these lines"


@pytest.mark.parametrize("memory", ["", "4m", "512m", "2g", "2G", "536870912", "1048576k"])
def test_sizes_that_an_engine_takes(home: Home, memory: str) -> None:
    home.settings_file.write_text(f'build_memory = "{memory}"\n')
    assert load_settings(home).build_memory == memory


def test_every_setting_has_a_rule() -> None:
    assert RULES.keys() == set(Settings._fields)
    assert EDGE.keys() == set(Edge._fields)


def test_what_podshift_itself_may_write_is_taken(home: Home) -> None:
    for one in (Settings(), Settings(edge=Edge()), Settings(listen="none"), Settings(listen="[::1]:8080")):
        save_settings(home, one)
        assert load_settings(home) == one


def test_settings_are_checked_without_a_library_that_a_push_would_wait_for() -> None:
    command = "import sys; import podshift.settings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", command], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"difflib", "pwd", "tomli_w"} == set()
