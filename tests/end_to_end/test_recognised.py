"""Apps as people have them: pushed as they are, most without a Containerfile; each is built, and answers."""

import re
from pathlib import Path

import pytest

from server import App, Checkout
from server.bases import lock_with_bundler, lock_with_uv, name_bases, trust_gems, use_bases
from server.installation import PROGRAM

APPS = Path(__file__).parents[1] / "apps"
FLASK = "build Python 3.11, requirements.txt, gunicorn app:app"
NODE = "build Node 24, package-lock.json, start script"
STATIC = "build static site, index.html"

BUILD_SECONDS = 600  # a first build brings half a distribution
# The app's folder, what the push says, path → status and answer.
OWN = {
    "containerfile-entrypoint": ("", {"/": (200, "entrypoint of python3\n")}),
    "dockerfile-multistage": ("", {"/": (200, "multistage\n")}),
}
QUICK = {
    "flask-requirements": (FLASK, {"/": (200, "flask, as user 10001, over http\n")}),
    "procfile-python": ("build Python 3.13, requirements.txt", {"/": (200, "procfile\n")}),
    "node-npm": (NODE, {"/": (200, "npm: ms, 172800000, production, user 10001\n")}),
    "static-index": (
        STATIC,
        {
            "/": (200, "<h1>static</h1>\n"),
            "/about/": (200, "<h1>about</h1>\n"),
            "/contact": (200, "<h1>contact</h1>\n"),
            "/nowhere": (404, "<h1>not here</h1>\n"),
            "/podshift.toml": (404, "<h1>not here</h1>\n"),
        },
    ),
}
FURTHER = {
    "django-manage": ("Python 3.13, requirements.txt, gunicorn mysite.wsgi", {"/": (200, "django\n")}),
    "fastapi-pyproject": ("Python 3.13, pyproject.toml, uvicorn main:app", {"/": (200, '{"from":"fastapi"}')}),
    "bottle-poetry": ("Python 3.13, poetry.lock", {"/": (200, "poetry\n")}),
    "pipfile": ("Python 3.11, Pipfile.lock, gunicorn wsgi:application", {"/": (200, "pipenv\n")}),
    "monorepo": ("Python 3.13, requirements.txt, gunicorn wsgi:application", {"/": (200, "monorepo\n")}),
    "node-pnpm": ("Node 24, pnpm-lock.yaml, start script", {"/": (200, "pnpm 2.0.0 60000 pruned\n")}),
    "node-yarn": ("Node 24, yarn.lock, node index.js", {"/": (200, "yarn 10800000\n")}),
    "node-yarn-berry": ("Node 24, yarn.lock, start script", {"/": (200, "yarn 4.0.0 7200000 pruned\n")}),
    "static-build": (
        "Node 24, package.json, build script, static site",
        {"/": (200, "<h1>built in 1000</h1>\n"), "/a/route": (200, "<h1>built in 1000</h1>\n")},
    ),
    "go-module": ("Go 1.19, go.mod, go build ./cmd/greeter", {"/": (200, "go, as user 10001\n")}),
    "php-index": ("PHP 8.4, index.php, Apache", {"/": (200, "php, as user 33\n")}),
    "php-composer": (
        "PHP 8.4, composer.json, Apache, public/index.php",
        {"/": (200, "composer, greeting 1.2.0.0, /\n"), "/a/route": (200, "composer, greeting 1.2.0.0, /a/route\n")},
    ),
}
BASES = {
    "node": ("node",),
    "static": ("node", "static"),
    "go": ("go", "debian"),
    "php": ("php", "composer"),
    "ruby": ("ruby",),
}


def bases(app: str) -> tuple[str, ...]:
    """The base images that an app is built from, by the names of the settings."""
    return BASES.get(app.partition("-")[0], ("python",))


def checkout_of(name: str, folder: Path) -> Checkout:
    """The app as it is, which is not watched after the switch."""
    checkout = Checkout(folder / name, APPS / name)
    own = APPS / name / "podshift.toml"
    if own.exists():
        checkout.commit("What it says of itself", podshift_toml=f'{own.read_text()}\n[web]\nwatch = "0s"\n')
    return checkout


def answers(app: App, checkout: Checkout, says: str, paths: dict[str, tuple[int, str]]) -> None:
    """The app, pushed, says this and answers this."""
    said = checkout.push(app, seconds=BUILD_SECONDS).said
    assert "is live" in said, said
    assert says in said
    assert {path: app.get(path) for path in paths} == paths


@pytest.mark.parametrize("name", OWN)
def test_an_app_with_a_containerfile_of_its_own(app: App, tmp_path: Path, name: str) -> None:
    answers(app, checkout_of(name, tmp_path), *OWN[name])


@pytest.mark.parametrize("name", QUICK)
def test_an_app_without_a_containerfile(app: App, tmp_path: Path, name: str) -> None:
    use_bases(app.server, *bases(name))
    answers(app, checkout_of(name, tmp_path), *QUICK[name])


@pytest.mark.matrix
@pytest.mark.parametrize("name", FURTHER)
def test_further_apps_without_a_containerfile(app: App, tmp_path: Path, name: str) -> None:
    use_bases(app.server, *bases(name))
    answers(app, checkout_of(name, tmp_path), *FURTHER[name])


@pytest.mark.matrix
def test_a_python_app_that_uv_has_locked(app: App, tmp_path: Path) -> None:
    use_bases(app.server, "python")
    checkout = checkout_of("uv-lock", tmp_path)
    lock_with_uv(checkout.folder, tmp_path / "uv")
    checkout.commit("Lock it")
    says = "Python 3.13, uv.lock, uvicorn main:app"
    answers(app, checkout, says, {"/": (200, "uv, development packages left out\n")})


@pytest.mark.matrix
def test_a_rack_app(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_bases(app.server, "ruby")
    trust_gems(tmp_path / "home", monkeypatch)
    says = "Ruby 3.4, Gemfile, rackup"
    answers(app, checkout_of("ruby-rack", tmp_path), says, {"/": (200, "ruby, as user 10001\n")})


@pytest.mark.matrix
def test_a_rails_app_with_a_lock_file(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_bases(app.server, "ruby")
    trust_gems(tmp_path / "home", monkeypatch)
    checkout = checkout_of("ruby-rails", tmp_path)
    lock_with_bundler(app.server, checkout.folder, tmp_path / "home")
    checkout.commit("Lock it")
    said = checkout.push(app, seconds=BUILD_SECONDS).said
    assert "Missing `secret_key_base`" in said, said  # what Rails itself wants in production
    app.server.podshift("config", app.name, "set", f"SECRET_KEY_BASE={'a' * 64}")
    says = "Ruby 3.4, Gemfile.lock, rails server"
    answers(app, checkout, says, {})
    status, text = app.get()
    said, _, style = text.rpartition(", ")
    assert (status, said) == (200, "rails in production, as user 10001")
    assert re.fullmatch(r"/assets/application-[0-9a-f]{64}\.css\n", style)
    assert app.get(style.strip())[0] == 200


@pytest.mark.matrix
def test_a_version_that_has_no_image(app: App, tmp_path: Path) -> None:
    name_bases(app.server, python="localhost/podshift-test-nowhere:{version}")
    checkout = checkout_of("flask-requirements", tmp_path)
    (checkout.folder / ".python-version").write_text("3.99\n")
    checkout.commit("A wrong version")
    said = checkout.push(app).said
    assert "localhost/podshift-test-nowhere:3.99" in said
    assert "hint: .python-version asks for Python 3.99: is there such an image?" in said
    assert app.states() == ["failed"]


def test_a_build_that_fails_names_the_way_to_a_containerfile_of_one_s_own(app: App, tmp_path: Path) -> None:
    use_bases(app.server, *bases("node-npm"))
    checkout = Checkout(tmp_path / "checkout", APPS / "node-npm")
    lock = (checkout.folder / "package-lock.json").read_text()
    (checkout.folder / "package-lock.json").write_text(lock.replace("2.1.3", "2.1.2"))
    checkout.commit("A lock file of another package.json")
    said = checkout.push(app).said
    assert NODE in said
    assert f"error: {PROGRAM} build failed" in said
    assert "hint: podshift containerfile, in a checkout, prints the Containerfile that was used" in said
    assert app.states() == ["failed"]
