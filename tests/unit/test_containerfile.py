"""What a Containerfile may ask for, and what it may not."""

from contextlib import suppress
from pathlib import Path

import pytest

from podshift.deploy.build.check import _check_brought_along, _check_files
from podshift.deploy.build.containerfile import containerfile_text, inside
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
    "lines",
    [
        "RUN --mount=type=cache,target=/root/.cache/pip,sharing=locked pip install -r x",
        "RUN --mount=type=bind,source=package.json,target=package.json,ro,z \\\n  # why\n\n  npm ci",
        "RUN --mount=type=secret,id=x,env=Y --mount=type=secret,id=z,required=true,mode=0400,uid=1,gid=1 true",
        "RUN --mount=type=ssh --mount=type=tmpfs,target=/t,size=1g --mount=type=tmpfs,dst=/u,tmpfs-mode=1777 true",
        "RUN --network=none --network=default true",
        "RUN echo --network=host --mount=$X 'a\\\\' \\\\b",
        "RUN -- true",
        'COPY --chown="a:b" --chmod=755 --exclude="*.md" . /x',
        "COPY --chown=$USER --link a $B /x",
        "ADD --chown=$USER app.tar.gz $HOME/",
        'ADD ["a@b", "/x"]',
        "ONBUILD COPY . /x",
        "RUN <<EOF\nset -e\napt-get update && \\\n  apt-get install x\nEOF\nCOPY <<-'EOF' /x\n\ta\n\tEOF\nUSER x",
        "RUN python3 <<EOF\nfrom os import path\nfrom json import load as read, dump\nEOF",
        "RUN true \\\n  add \\\n  run",
        "HEALTHCHECK --interval=1s CMD true",
        "# Attention\u00a0: caf\u00e9",
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "# syntax=docker/dockerfile:1\n# check=skip=all\n", "# escape=\\\n", "\ufeff"])
def test_what_people_write_is_fine(before: str, lines: str) -> None:
    text = f"{before}FROM scratch\n{lines}\n"
    assert examine(text, {}) == examine(text.replace("\n", "\r\n"), {})
    assert examine(text, {}).images == ()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("RUN --mount=type=bind,source=.,target=/h,rw true", "only read"),
        ("RUN --mount=type=bind,source=.,target=/h,ro=0 true", "only read"),
        ("RUN --mount=type=bind,source=../x,target=/h true", "no path inside"),
        ("RUN --mount=source=$X,target=/h true", "variable"),
        ("RUN --mount=type=bind,from=s,source=/evil,target=/h true", "a link in that image"),
        ("RUN --mo\\\nunt=type=bind,source=..,target=/h true", "no path inside"),
        ("RUN \\\n  # a remark\n\n  --mount=type=bind,source=..,target=/h true", "no path inside"),
        ('RUN --mo"unt"=type=bind,source=..,target=/h true', "an option of RUN that podshift cannot read"),
        ("run --mou\\nt=type=bind,source=..,target=/h true", "an option of RUN that podshift cannot read"),
        ("RUN --${X:-mount}=type=bind,source=..,target=/h true", "an option of RUN that podshift cannot read"),
        ("COPY --${X:-from}=localhost/podshift/other:v1 /f /x", "an option of COPY that podshift cannot read"),
        ("COPY --fr\\om=localhost/podshift/other:v1 /f /x", "an option of COPY that podshift cannot read"),
        ('RUN --mount="type=bind,target=/m x,from=localhost/other:v1,source=/etc" ls', "without quotes"),
        ("RUN --mount='type=cache,target=/a' true", "without quotes"),
        ('RUN --mount=type=cache,"target=/a" true', "without quotes"),
        ("RUN --mount=type=cache,target=/a\\ b true", "an option of RUN that podshift cannot read"),
        ("RUN --mount=type=cache,target=/\u00e0--mount=rw true", "an option of RUN that podshift cannot read"),
        ("RUN --mount true", "a --mount needs"),
        ("RUN --mount=type=cache,target=/ok,dst=/a/link true", "target twice"),
        ("RUN --mount=type=cache,id=a,id=b,target=/ok true", "id twice"),
        ("RUN --mount=type=bind,source=a,src=b,target=/ok true", "source twice"),
        ("RUN --mount=type=bind,type=tmpfs,target=/ok true", "type twice"),
        ("RUN --mount=type=bind,target=/ok,ro,readwrite true", "access twice"),
        ("RUN --mount=FROM=localhost/podshift/other:v1,target=/ok true", "knows no FROM"),
        ("RUN --mount=type=bind,target=/ok,bind-propagation=rshared true", "knows no bind-propagation"),
        ("RUN --mount=type=bind,target=/ok,U true", "knows no U"),
        ("RUN --mount=type=bind,,target=/ok true", "knows no key"),
        ("RUN --mount=type=tmpfs,target=/ok,from=localhost/podshift/other:v1 true", "only what is bound"),
        ("RUN --mount=type=cache,target=/" + "a/" * 200 + " true", "a cache needs"),
        ("RUN --network=host true", "--network=host"),
        ("RUN --security=insecure true", "--security"),
        ("RUN --device=vendor.com/x true", "--device"),
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
        ("ADD deploy@example.com:a/b /x", "fetch"),
        ("ADD http://127.0.0.1:1/secret\t/y", "fetch"),
        ("ADD\thttp://127.0.0.1:1/secret /y", "fetch"),
        ('ADD ["http\\u003a//127.0.0.1/", "/x"]', "fetch"),
        ('ADD [1e999, "a http://127.0.0.1/ b"]', "fetch"),
        ("ADD ht\\tp://127.0.0.1/ /x", "fetch"),
        ("ONBUILD ADD http://127.0.0.1/ /x", "fetch"),
        ("ONBUILD ONBUILD ADD a /x", "ONBUILD"),
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
    "arguments",
    [
        "ARG B=x\nARG B=${NOPE:-y}",
        "ARG B=x\nARG B",
        "ARG TARGETARCH=x\nARG B=$TARGETARCH",
        "ARG A=\nARG B=a${A-b}",
        "ARG A=" + "a" * 60 + "".join(f"\nARG {new}={f'${old}' * 9}" for old, new in ("AC", "CD", "DB")),
    ],
)  # fmt: skip
def test_what_an_argument_is_has_to_be_sure(arguments: str) -> None:
    with pytest.raises(ValueError, match=r"\$B is, only the engine knows"):
        examine(f"{arguments}\nFROM $B\n", {})


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff# syntax=evil/frontend\nFROM x\n",
        "#\u00a0syntax=evil/frontend\nFROM x\n",
        "#\fsyntax=evil/x\nFROM x\n",
        "#\fescape=`\nFROM x\n",
        '#!/x\n{"syntax": "evil/frontend"}',
        "FROM x\rRUN true\n",
        "FROM x\r\r\nRUN true\n",
        "FROM x\nRUN true\r",
        "FROM x\nRUN true \\\n\x1c#\nADD http://127.0.0.1/ /x\n",
        "FROM x\nRUN true \\\\\nADD http://127.0.0.1/ /x\n",
        "FROM x\nRUN true \\\\ \t\nRUN true\n",
        "FROM x\nRUN <<'EOF\\'\ntrue\nEOF\\\nADD http://127.0.0.1/ /x\n",
        "FROM x\nRUN <<''\nfoo \\\n\nRUN true\n",
        "FROM x\nRUN <<${X:-#x}\nfoo \\\n#x\ncopy --from=y /a /b\n",
        "FROM x\nRUN <${X:-<}'#x'\nfoo \\\n#x\nR\\\nUN true\n",
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


def test_a_fault_says_in_which_line_it_is() -> None:
    with pytest.raises(ValueError, match=r"^line 3: .*control character") as caught:
        examine("FROM x\nRUN true\nRUN a\rb\n", {})
    assert str(caught.value).isprintable()
    with pytest.raises(ValueError, match=r"^line 4: .*two backslashes"):
        examine("FROM x\n# \\\\\nRUN a \\\n  b \\\\\n", {})


def test_many_faults_are_not_all_said() -> None:
    with pytest.raises(ValueError, match="line 2: ") as caught:
        examine("FROM x\n" + "ADD $X /x\n" * 1000, {})
    assert len(str(caught.value).splitlines()) == 20


SIZE = 1024 * 1024
LONG = {
    "empty lines": "\n" * SIZE,
    "stages": "FROM x\n" * (SIZE // 7),
    "ONBUILD": "ONBUILD " * (SIZE // 8),
    "caches": "FROM x\nRUN " + "".join(f"--mount=type=cache,target=/{number} " for number in range(SIZE // 32)),
    "a deep cache": "FROM x\nRUN --mount=type=cache,target=" + "/a" * (SIZE // 2),
    "arguments": "".join(f"ARG a{number}=1\n" for number in range(SIZE // 13)),
    "an argument": "ARG A=" + "a" * 900 + "\nARG B=" + "$A" * (SIZE // 2) + "\nFROM x\n",
    "brackets": "FROM x\nADD " + "[" * SIZE,
    "backslashes": "FROM x\nRUN " + "\\ " * (SIZE // 2),
    "quotes": "FROM x\nRUN " + "--x=" + "'a'" * (SIZE // 3),
    "a here-document": "FROM x\nRUN <<E\n" + "a\\\n" * (SIZE // 3),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_one_is_read_in_no_time(text: str) -> None:
    with suppress(ValueError):
        examine(text, {})


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


def test_it_is_read_as_the_engine_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "Containerfile"
    path.write_bytes(b"FROM x\r\nCOPY\r--from=localhost/podshift/other:v1 /f /x\n")
    assert containerfile_text(path).count("\r") == 2
    with pytest.raises(ValueError, match=r"line 2: .*control character"):
        examine(containerfile_text(path), {})
    path.write_bytes(b"FROM x\n# caf\xe9\n")
    with pytest.raises(ValueError, match=r"line 2: .*UTF-8"):
        containerfile_text(path)
    path.write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(ValueError, match="longer than 1,048,576 bytes"):
        containerfile_text(path)


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


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("ADD http://127.0.0.1/ /x", "brings instructions along .* fetch"),
        ("\ufeff# escape=`\nADD ht`\ntp://127.0.0.1/ /x", "brings instructions along .* escape"),
        ("COPY --from=localhost/podshift/other:v1 /f /x", "need more than the commit"),
        ("ONBUILD ONBUILD RUN true", "brings instructions along .* ONBUILD"),
    ],
)
def test_what_a_base_image_may_not_bring_along(instruction: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        _check_brought_along("x", instruction)
    _check_brought_along("x", "RUN true \\")
