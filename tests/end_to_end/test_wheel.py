"""What `pip install podshift` gives: the wheel alone, without the checkout that it was made from."""

import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from unittest import mock

import pytest
from packaging.requirements import Requirement

from server import App, Checkout, Server
from server import installation as module
from server.installation import created, installed

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", f"--wheel-dir={folder}", str(CHECKOUT))
    (wheel,) = folder.glob("podshift-*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a virtual environment with the wheel and what it says it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    (site,) = folder.glob("lib/python*/site-packages")
    (own,) = (Distribution.at(path) for path in site.glob("podshift-*.dist-info"))
    for dependency in needed(own).values():
        link(dependency, site)
    pip("--python", str(python), "check")
    return python


def needed(one: Distribution) -> dict[str, Distribution]:
    """Everything that a distribution requires, and what that requires, as this environment has it."""
    found: dict[str, Distribution] = {}
    wanted = [Requirement(text) for text in one.requires or ()]
    for requirement in wanted:
        if requirement.name not in found and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            found[requirement.name] = distribution(requirement.name)
            wanted += [Requirement(text) for text in found[requirement.name].requires or ()]
    return found


def link(one: Distribution, site: Path) -> None:
    for name in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
        (site / name).symlink_to(Path(str(one.locate_file(name))))


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def server(python: Path, tmp_path: Path) -> Iterator[Server]:
    """An installation of its own, made with the installed `podshift`."""
    with mock.patch.object(module, "PODSHIFT", python.with_name("podshift")), installed(tmp_path / "home") as server:
        yield server


@pytest.fixture
def app(server: Server) -> Iterator[App]:
    with created(server) as app:
        yield app


def test_a_push_to_an_installed_podshift_goes_live(app: App, checkout: Checkout, python: Path) -> None:
    pushed = checkout.push(app)
    assert "is live" in pushed.said, pushed.text
    assert app.get() == (200, "hello from v1\n")
    hooks = sorted((app.repository / "hooks").iterdir())
    assert {"pre-receive", "post-receive"} <= {hook.name for hook in hooks}
    for hook in hooks:
        assert f"exec {python} -I -S " in hook.read_text()


def test_templates_and_stubs_come_from_the_wheel(python: Path) -> None:
    place, *found = ask(
        python,
        "from podshift.settings import shipped",
        "print(shipped(), *(path.relative_to(shipped()) for path in shipped().rglob('*')))",
    )
    assert Path(place).is_relative_to(python.parents[1])
    templates = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "templates").rglob("*")}
    stubs = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "hooks").iterdir() if path.is_file()}
    assert set(found) == templates | stubs | {"templates", "hooks"}


def test_every_module_is_in_the_wheel_with_all_that_it_imports(python: Path) -> None:
    imported = ask(
        python,
        "import pkgutil, importlib, podshift",
        "names = [one.name for one in pkgutil.walk_packages(podshift.__path__, 'podshift.')]",
        "print(*(importlib.import_module(name).__name__ for name in names))",
    )
    files = (CHECKOUT / "hooks" / "podshift").rglob("*.py")
    names = {".".join(path.relative_to(CHECKOUT / "hooks").with_suffix("").parts) for path in files}
    assert set(imported) == {name.removesuffix(".__init__") for name in names} - {"podshift"}


def ask(python: Path, *lines: str) -> list[str]:
    """The words that this prints there, where neither the checkout nor this environment is to be found."""
    done = subprocess.run([python, "-I", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
