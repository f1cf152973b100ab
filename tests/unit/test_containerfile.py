"""What a Containerfile may ask for, and what it may not."""

from pathlib import Path

import pytest

from podshift.deploy.build.check import _check_files
from podshift.deploy.build.containerfile import inside
from podshift.deploy.build.image import HEALTHCHECK
from podshift.errors import PodshiftError
from podshift.manifest.containerfile import Asked, examine

BUSYBOX = f"docker.io/library/busybox@sha256:{'a' * 64}"
ORDINARY = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.11
ARG BASE=docker.io/library/python:${VERSION}-slim
FROM --platform=$BUILDPLATFORM $BASE AS build
ENV HOME=/root
ADD app.tar.gz $HOME/
RUN --mount=type=cache,target=/root/.cache/pip \\
    # a remark
    --mount=type=cache,id=npm,target=/x --mount=type=bind,source=requirements.txt,target=/r.txt \\
    pip install -r /r.txt
RUN --mount=type=bind,from=ghcr.io/astral-sh/uv:0.4,target=/uv /uv/uv sync
FROM build
copy --from=build --chown=1:1 /app /app
COPY --from=0 /a /b
COPY --from={busybox} /bin/busybox /bin/
CMD ["python3", "app.py", "--mountpoint=/x"]
""".replace("{busybox}", BUSYBOX)


def test_ordinary_things_are_fine() -> None:
    asked = examine(ORDINARY, {"VERSION": "3.12"})
    assert asked == Asked(
        (
            "docker.io/library/python:3.12-slim",
            "ghcr.io/astral-sh/uv:0.4",
            f"docker.io/library/busybox@sha256:{'a' * 64}",
        ),
        binds_context=True,
        caches=("root/.cache/pip", "npm"),
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("RUN --mount=type=bind,source=.,target=/h,rw true", "only read"),
        ("RUN --mount=type=bind,source=../x,target=/h true", "no path inside"),
        ("RUN --mount=source=$X,target=/h true", "variable"),
        ("RUN --mount=type=bind,from=s,source=/evil,target=/h true", "a link in that image"),
        ("RUN --mo\\\nunt=type=bind,source=..,target=/h true", "no path inside"),
        ("RUN \\\n  # a remark\n\n  --mount=type=bind,source=..,target=/h true", "no path inside"),
        ('RUN --mo"unt"=type=bind,source=..,target=/h true', "no path inside"),
        ("run --mou\\nt=type=bind,source=..,target=/h true", "no path inside"),
        ("ONBUILD RUN --mount=type=bind,rw,target=/h true", "only read"),
        ("RUN --mount=type=cache,id=../../etc,target=/h true", "a cache needs"),
        ("RUN --mount=type=cache,target=../etc true", "a cache needs"),
        ("RUN --mount=type=cache,target=/a/../../etc true", "a cache needs"),
        ("RUN --mount=type=cache,target=/a --mount=type=cache,target=/a/b true", "inside another"),
        ("RUN --mount=type=cache,from=s,target=/a true", "no source"),
        ("RUN --mount=type=device,target=/a true", "no type device"),
        ("ADD http://127.0.0.1/ /x", "fetch"),
        ('ADD ["https://example.com/a", "/x"]', "fetch"),
        ("ADD $URL /x", "fetch"),
        ("ADD git@example.com:a/b /x", "fetch"),
        ("FROM docker-archive:/srv/image.tar", "no name of an image"),
        ("FROM dir:5000/x", "no name of an image"),
        ("FROM $NOBODY", "only the engine knows"),
        ("FROM app-$TARGETARCH", "only the engine knows"),
        ("COPY --from=$X /a /b", "only the engine knows"),
        ("COPY --from=oci:/srv/x /a /b", "no name of an image"),
    ],
)  # fmt: skip
def test_what_leads_out_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        examine(f"FROM scratch AS s\n{line}\n", {})


@pytest.mark.parametrize(
    "text",
    [
        "# escape=`\nFROM x\n",
        "FROM x\nRUN <<#x\nfoo \\\n#x\nRUN true\n",
        "#Syntax = evil/frontend\nFROM x\n",
        "# syntax=docker/dockerfile.evil:1\nFROM x\n",
        "#!/usr/bin/x\n//syntax=evil/frontend\nFROM x\n",
        '{"syntax": "evil/frontend"}',
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than podshift can read"):
        examine(text, {})


@pytest.mark.parametrize("name", ["BUILDKIT_SYNTAX", "BUILDKIT_CACHE_MOUNT_NS"])
def test_what_steers_the_builder_itself_is_no_argument(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is podshift's to say"):
        examine("FROM x\n", {name: "evil"})


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("FROM x\n  healthcheck\tCMD true", True), ("HEALTHCHECK \\\n CMD true", True),
        ("HEALTHCHECK NONE", False), ("healthcheck  \tnone", False), ("# HEALTHCHECK CMD true", False),
        ("\n" * 1024 * 1024, False), (" \n\t" * 256 * 1024, False), ("HEALTHCHECK" + " " * 1024 * 1024, True),
    ],
    ids=range(8),
)  # fmt: skip
def test_whether_one_has_a_healthcheck(text: str, has: bool) -> None:
    assert bool(HEALTHCHECK.search(text)) == has


@pytest.mark.parametrize("name", [".in", "Containerfile.in", "a.b.in"])
def test_no_file_for_cpp(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="goes through cpp"):
        _check_files(tmp_path, tmp_path, tmp_path / name)


def test_a_link_to_itself_is_inside_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in ("loop", "loop/x"):
        with pytest.raises(PodshiftError, match=f"{path} is not inside the pushed commit") as caught:
            inside(tmp_path, path)
        assert "podshift.toml" in caught.value.hint
