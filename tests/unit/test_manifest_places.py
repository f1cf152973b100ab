"""Where the files of an app are in its repository, and that nothing leads out of it."""

import pytest

from podshift.errors import PodshiftError
from podshift.manifest import app_path, at, parse_manifest, places
from podshift.model import Build


@pytest.mark.parametrize(
    ("text", "path"),
    [("services/api", "services/api"), ("./services//api/", "services/api"), (".", ""), ("", ""), ("a b", "a b")],
)
def test_the_folder_of_an_app(text: str, path: str) -> None:
    assert app_path(text) == path
    assert at(path, "Procfile") == (f"{path}/Procfile" if path else "Procfile")


UNSHOWN = ["a\u202eb", "a\u200bb", "a\u2066", "a\x9b31m", "a\udce4b"]


@pytest.mark.parametrize(
    "text", ["/srv", "..", "../x", "a/../../x", "a/..", "-x", "a\nb", "a\x1b[2J", "x" * 300, *UNSHOWN]
)
def test_what_is_no_folder_of_a_repository(text: str) -> None:
    with pytest.raises(PodshiftError, match="must be") as raised:
        app_path(text)
    assert raised.value.hint
    assert raised.value.message.isprintable()


@pytest.mark.parametrize(
    ("path", "build", "context", "containerfile"),
    [
        ("", {}, ".", "Containerfile"),
        ("", {"context": "app"}, "app", "app/Containerfile"),
        ("", {"context": "app", "containerfile": "ci/x"}, "app", "ci/x"),
        ("services/api", {}, "services/api", "services/api/Containerfile"),
        ("services/api", {"context": "src"}, "services/api/src", "services/api/src/Containerfile"),
        ("services/api", {"context": ".."}, "services", "services/api/Containerfile"),
        ("services/api", {"context": "../.."}, ".", "services/api/Containerfile"),
        ("services/api", {"context": "../../lib"}, "lib", "services/api/Containerfile"),
        ("services/api", {"containerfile": "ci/x"}, "services/api", "services/api/ci/x"),
    ],
)
def test_what_is_built(path: str, build: dict[str, str], context: str, containerfile: str) -> None:
    found = places(path, Build(**build))  # type: ignore[arg-type] # only strings here
    assert (found.context, found.containerfiles[0]) == (context, containerfile)


@pytest.mark.parametrize("key", ["context", "containerfile"])
def test_no_path_that_would_be_read_as_another(key: str) -> None:
    with pytest.raises(PodshiftError) as caught:
        parse_manifest(f'[build]\n{key} = "a\u202eb"')
    assert caught.value.details == (f'build.{key}: must be a path without invisible characters, not "a\\u202eb"',)


@pytest.mark.parametrize(("path", "context"), [("", ".."), ("", "../x"), ("a", "../.."), ("a/b", "../../../c")])
def test_no_context_above_the_repository(path: str, context: str) -> None:
    build = parse_manifest(f'[build]\ncontext = "{context}"').build
    with pytest.raises(PodshiftError, match=r"build.context: must be inside the repository"):
        places(path, build)
