"""Git LFS: files from a real server on loopback, and everything that must not be asked or believed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_source import commit, start_project

from podshift.errors import PodshiftError
from podshift.source import Outside, Repository, export, kept_tree
from podshift.source.lfs.endpoint import _SSH
from server.lfs import LFS, TOKEN, lfs_server, pointer

RULES = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
LARGE = b"\0large\r\n" * 100_000


@pytest.fixture
def lfs() -> Iterator[LFS]:
    with lfs_server() as lfs:
        yield lfs


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return start_project(tmp_path / "project")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def outside(origin: str, **more: object) -> Outside:
    return Outside("shop", origin, origin, **more)  # type: ignore[arg-type]


def refused(project: Path, new: str, tree: Path, where: Outside) -> PodshiftError:
    with pytest.raises(PodshiftError) as raised:
        export(Repository(project / ".git"), new, tree, outside=where)
    text = "\n".join(raised.value.lines())
    assert "secret" not in text
    assert "\x1b" not in text
    return raised.value


def test_files_in_place_of_their_pointers(project: Path, tree: Path, lfs: LFS) -> None:
    text = lfs.put(LARGE)
    files = {".gitattributes": RULES, "a.bin": text, "deep/b.bin": text, "c.bin": "never a pointer", "d.txt": text}
    new = commit(project, files)
    said: list[str] = []
    export(Repository(project / ".git"), new, tree, said.append, outside(lfs.origin))
    assert (tree / "a.bin").read_bytes() == LARGE
    assert (tree / "deep/b.bin").read_bytes() == LARGE
    assert (tree / "c.bin").read_text() == "never a pointer"
    assert (tree / "d.txt").read_text() == text
    assert said == ["2 Git LFS files put in place"]
    assert len(lfs.asked) == 2  # one question, one download of what is there twice


def test_they_are_kept_and_forgotten(project: Path, tmp_path: Path, lfs: LFS) -> None:
    where = outside(lfs.origin, kept=tmp_path / "kept")
    repository = Repository(project / ".git")

    def use(files: dict[str, str], **contents: bytes) -> None:
        with kept_tree(repository, commit(project, files), tmp_path / "checkout", where) as tree:
            for name, content in contents.items():
                assert (tree / f"{name}.bin").read_bytes() == content

    use({".gitattributes": RULES, "a.bin": lfs.put(b"first")}, a=b"first")
    asked = len(lfs.asked)
    use({"other": "1"}, a=b"first")
    assert len(lfs.asked) == asked
    use({"a.bin": lfs.put(b"second"), "b.bin": lfs.put(b"third")}, a=b"second", b=b"third")
    assert sorted(path.read_bytes() for path in (tmp_path / "kept/lfs").rglob("*") if path.is_file()) == [
        b"second",
        b"third",
    ]


def test_only_what_the_build_sees_is_fetched(project: Path, tree: Path) -> None:
    new = commit(project, {".gitattributes": RULES, "web/a.bin": pointer("1" * 64, 5), "api/x": ""})
    export(Repository(project / ".git"), new, tree, outside=Outside(within="api"))
    assert (tree / "web/a.bin").read_text().startswith("version")


def test_nobody_knows_where_from(project: Path, tree: Path) -> None:
    new = commit(project, {".gitattributes": RULES, "a.bin": pointer("1" * 64, 5), "b.bin": pointer("2" * 64, 5)})
    error = refused(project, new, tree, Outside("shop"))
    assert error.message == (
        "a.bin and 1 more are Git LFS pointers, and the server does not know where the files are"
    )  # fmt: skip
    assert error.hint.startswith("podshift origin shop URL")


def test_a_server_that_wants_to_know_who_asks(project: Path, tree: Path, lfs: LFS) -> None:
    lfs.wants = TOKEN
    new = commit(project, {".gitattributes": RULES, "a.bin": lfs.put(LARGE)})
    assert "answers 401" in refused(project, new, tree, outside(lfs.origin)).message
    other = tree.with_name("other")
    other.mkdir()
    with_secret = outside(lfs.origin.replace("//", "//ada:secret@"))
    export(Repository(project / ".git"), new, other, outside=with_secret)
    assert (other / "a.bin").read_bytes() == LARGE
    lfs.wants = "something else"
    third = tree.with_name("third")
    third.mkdir()
    refused(project, new, third, with_secret)


def test_what_is_not_there_or_not_the_one(project: Path, tree: Path, lfs: LFS) -> None:
    new = commit(project, {".gitattributes": RULES, "a.bin": pointer("1" * 64, 5)})
    assert "does not give it: Object does not" in refused(project, new, tree, outside(lfs.origin)).message
    lfs.objects["1" * 64] = b"wrong"
    other = tree.with_name("other")
    other.mkdir()
    assert "gave another file for a.bin" in refused(project, new, other, outside(lfs.origin)).message


def test_a_server_that_is_not_there(project: Path, tree: Path, lfs: LFS) -> None:
    new = commit(project, {".gitattributes": RULES, "a.bin": lfs.put(LARGE)})
    assert "answers 404" in refused(project, new, tree, outside(f"{lfs.url}/other.git")).message


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("file:///etc", "is not followed"),
        ("git://host/x", "is not followed"),
        ("--upload-pack=x", "is not followed"),
        ("http://127.0.0.1:1/x", "is this machine itself"),
        ("http://localhost:1/x", "is this machine itself"),
        ("http://169.254.169.254/latest", "is this machine itself"),
        ("http://[::1]:1/x", "is this machine itself"),
        ("http://[::ffff:127.0.0.1]:1/x", "is this machine itself"),
        ("http://0.0.0.0:1/x", "is this machine itself"),
        ("http://[/", "is no URL"),
        ("http://[x]/y", "is no URL"),
    ],
)
def test_what_a_pushed_lfsconfig_may_not_say(project: Path, tree: Path, url: str, complaint: str) -> None:
    files = {".gitattributes": RULES, "a.bin": pointer("1" * 64, 5), ".lfsconfig": f'[lfs]\nurl = "{url}"\n'}
    origin = "https://git.example.com/team/shop.git"
    assert complaint in refused(project, commit(project, files), tree, outside(origin)).message


def test_an_lfsconfig_that_names_the_origins_host(project: Path, tree: Path, lfs: LFS) -> None:
    configuration = f"[lfs]\nurl = {lfs.origin}/info/lfs\n"
    new = commit(project, {".gitattributes": RULES, "a.bin": lfs.put(LARGE), ".lfsconfig": configuration})
    export(Repository(project / ".git"), new, tree, outside=outside(f"{lfs.url}/elsewhere.git"))
    assert (tree / "a.bin").read_bytes() == LARGE


@pytest.mark.parametrize(
    "href", ["file:///etc/passwd", "http://localhost:1/x", "ftp://host/x", "nonsense", "http://[/"]
)
def test_where_a_server_may_not_send_us(project: Path, tree: Path, lfs: LFS, href: str) -> None:
    lfs.href = href
    new = commit(project, {".gitattributes": RULES, "a.bin": lfs.put(LARGE)})
    assert re.search("asked|no URL", refused(project, new, tree, outside(lfs.origin)).message)


@pytest.mark.parametrize(
    "says",
    [
        "[" * 100_000,
        '{"objects": ' + "[" * 100_000,
        '{"objects": ' + "9" * 5000,
        "null",
        "[]",
        '{"objects": 1}',
        '{"objects": [1]}',
        '{"objects": [{"oid": []}]}',
        '{"objects": []}',
        '{"objects": [{"oid": "OID", "error": "no"}]}',
        '{"objects": [{"oid": "OID", "error": [1]}]}',
        '{"objects": [{"oid": "OID", "error": {"message": %s}}]}' % ("[" * 900 + "]" * 900),
        '{"objects": [{"oid": "OID", "actions": [1]}]}',
        '{"objects": [{"oid": "OID", "actions": {"download": [1]}}]}',
        '{"objects": [{"oid": "OID", "actions": {"download": {"href": 1}}}]}',
        '{"objects": [{"oid": "OID", "actions": {"download": {"href": "URL/x", "header": [1]}}}]}',
        '{"objects": [{"oid": "OID", "actions": {"download": {"href": "URL/x", "header": {"a\\nb": "\\udce4"}}}}]}',
    ],
)
def test_a_server_that_answers_something_else(project: Path, tree: Path, lfs: LFS, says: str) -> None:
    lfs.says = says.replace("URL", lfs.url)
    new = commit(project, {".gitattributes": RULES, "a.bin": lfs.put(LARGE)})
    error = refused(project, new, tree, outside(lfs.origin))
    assert error.message.startswith("a.bin is a Git LFS pointer, and ")
    assert error.hint


def test_more_than_the_disk_has(project: Path, tree: Path) -> None:
    new = commit(project, {".gitattributes": RULES, "a.bin": pointer("1" * 64, 10**14)})
    assert "of the disk are free" in refused(project, new, tree, Outside()).message


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("ssh://git@host:2222/team/shop.git", ("git@host", "2222", "/team/shop.git")),
        ("ssh://host/~ada/shop", ("host", None, "/~ada/shop")),
        ("git@host:team/shop.git", ("git@host", None, "team/shop.git")),
        ("git@host:/srv/shop.git", ("git@host", None, "/srv/shop.git")),
        ("git@host/team/shop.git", None),
        ("ssh://-oProxyCommand=x/team", None),
        ("ssh://git@host", None),
    ],
)
def test_what_an_ssh_url_asks_for(url: str, where: tuple[str | None, ...] | None) -> None:
    match = _SSH.fullmatch(url)
    assert (match and match.group("at", "port", "path")) == where
