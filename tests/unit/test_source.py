"""An app's repository as podshift reads and moves it: real git, real hooks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import podshift
from podshift.errors import PodshiftError
from podshift.source import Commit, Repository, clean_git_environment, create_repository

PERSON = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}
ABSENT = "1" * 40


def git(folder: Path, *arguments: str | bytes) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **PERSON}, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


def start_project(folder: Path, object_format: str = "sha1") -> Path:
    """A pusher's checkout."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", f"--object-format={object_format}")
    return folder


def commit(project: Path, files: dict[str, str], message: str = "Work") -> str:
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    git(project, "add", "-A")
    git(project, "commit", "-q", "--allow-empty", "-m", message)
    return git(project, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return start_project(tmp_path / "project")


@pytest.fixture
def hello(tmp_path: Path) -> Repository:
    return create_repository(tmp_path / "hello.git", "main")


def push(project: Path, repository: Repository, *refs: str) -> None:
    git(project, "push", "-q", str(repository.path), *(refs or ("HEAD:main",)))


def test_a_new_repository_is_bare_and_stands_at_the_deploy_branch(tmp_path: Path) -> None:
    made = create_repository(tmp_path / "apps" / "hello.git", "production").path
    assert git(made, "symbolic-ref", "HEAD") == "refs/heads/production"
    assert git(made, "config", "core.bare") == "true"
    assert git(made, "config", "receive.fsckObjects") == "true"
    assert git(made, "config", "receive.advertisePushOptions") == "true"
    assert not (made / "hooks").exists()


def test_a_repository_can_be_created_again(project: Path, hello: Repository) -> None:
    new = commit(project, {"a": "1"})
    push(project, hello)
    assert create_repository(hello.path, "main").tip("main") == new


@pytest.mark.parametrize("branch", ["-x", "a b", "a..b", "", "x.lock", "a\nb"])
def test_a_branch_name_that_git_refuses(tmp_path: Path, branch: str) -> None:
    with pytest.raises(PodshiftError, match="no branch name"):
        create_repository(tmp_path / "hello.git", branch)


@pytest.mark.parametrize("branch", ["a\x9b31m", "a\u202eb", "a\u2028b", "a\x85b", "a\u200bb", "a\udce4b"])
def test_a_branch_name_that_would_be_read_as_another(tmp_path: Path, branch: str) -> None:
    """git has nothing against it."""
    with pytest.raises(PodshiftError, match="no branch name") as caught:
        create_repository(tmp_path / "hello.git", branch)
    assert caught.value.message.isprintable()
    assert caught.value.hint
    assert create_repository(tmp_path / "other.git", "größer/検索").path.exists()


def test_the_old_time_zones_of_a_history_are_accepted(project: Path, hello: Repository) -> None:
    commit(project, {"a": "1"})
    raw = git(project, "cat-file", "commit", "HEAD").replace("+0000", "+51800")
    (project / "raw").write_text(raw + "\n")
    odd = git(project, "hash-object", "-t", "commit", "-w", "--literally", "raw")
    push(project, hello, f"{odd}:refs/heads/main")
    assert hello.tip("main") == odd


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_files_of_a_commit(tmp_path: Path, object_format: str) -> None:
    project = start_project(tmp_path / "project", object_format)
    new = commit(project, {"podshift.toml": "[web]\n\n", "web/Containerfile": "FROM scratch\n", "empty": ""})
    repository = Repository(project / ".git")
    assert repository.resolve(new[:9]) == new
    with Commit(repository, new) as holds:
        assert holds.text("podshift.toml", 100) == "[web]\n\n"
        assert holds.text("web/Containerfile", 100) == "FROM scratch\n"
        assert holds.text("empty", 0) == ""
        assert holds.text("Procfile", 100) is None
        assert holds.names(".") == ["empty", "podshift.toml", "web"]
        assert holds.names("web") == ["Containerfile"]


def test_names_that_are_there_and_names_that_lead_out(project: Path) -> None:
    new = commit(project, {"web/Containerfile": "", "-x": "", ":(top)y": "", "a\nb": "", "*": ""})
    with Commit(Repository(project / ".git"), new) as holds:
        for name in ("web", "web/", "./web/Containerfile", "-x", ":(top)y", "a\nb", "*", "."):
            assert holds.has(name), name
        for name in ("x", "we*", "../project", "web/../web", "/etc", "/", "web/Containerfile/x", "w" * 5000):
            assert not holds.has(name), name
        assert sorted(holds.names(".")) == sorted(["web", "-x", ":(top)y", "a\nb", "*"])
        assert holds.names("web/Containerfile") == holds.names("..") == holds.names("x") == []


def test_a_folder_as_old_programs_wrote_it(project: Path) -> None:
    (project / "raw").touch()
    blob = git(project, "hash-object", "-w", "raw")
    (project / "raw").write_bytes(b"100644 x\0" + bytes.fromhex(blob))
    inner = git(project, "hash-object", "-t", "tree", "-w", "raw")
    (project / "raw").write_bytes(b"040000 web\0" + bytes.fromhex(inner))
    tree = git(project, "hash-object", "-t", "tree", "-w", "--literally", "raw")
    with Commit(Repository(project / ".git"), git(project, "commit-tree", "-m", "Old", tree)) as holds:
        assert holds.names("web") == ["x"]
        assert holds.text("web/x", 100) == ""


def test_a_path_may_be_long_and_a_folder_wide(project: Path) -> None:
    blob, wide = git(project, "hash-object", "-w", "/dev/null"), 100_000
    names = "".join(f"100644 blob {blob}\tfile-{n}\n" for n in range(wide)).encode()
    tree = subprocess.run(["git", "mktree"], cwd=project, input=names, check=True, capture_output=True).stdout
    new = git(project, "commit-tree", "-m", "Wide", tree.strip())
    with Commit(Repository(project / ".git"), new) as holds:
        assert len(holds.names(".")) == wide
        assert not holds.has("/".join("a" * 5000))


def test_a_damaged_object_is_said(project: Path) -> None:
    new = commit(project, {"noise": os.urandom(1 << 16).hex()})
    oid = git(project, "rev-parse", "HEAD:noise")
    path = project / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[: 1 << 14])
    with Commit(Repository(project / ".git"), new) as holds:
        with pytest.raises(PodshiftError, match="cannot be read") as raised:
            holds.text("noise", 1 << 20)
        assert oid in "".join(raised.value.details)
        assert holds.names(".") == ["noise"]


def test_what_is_no_text_is_said(project: Path) -> None:
    (project / "link").symlink_to("/etc/passwd")
    (project / "latin").write_bytes(b"caf\xe9")
    new = commit(project, {"folder/x": "", "long": "x" * 101, "short": "x"})
    for name, complaint in {
        "link": "is a symbolic link",
        "folder": "is a directory",
        "latin": "not UTF-8 text .byte 4.",
        "long": "longer than 100 bytes",
    }.items():
        with Commit(Repository(project / ".git"), new) as holds:
            with pytest.raises(PodshiftError, match=complaint):
                holds.text(name, 100)
            assert holds.text("short", 100) == "x"  # what went wrong is over


@pytest.mark.parametrize("commit_name", ["main", "--help", "HEAD", ABSENT[:39], ABSENT])
def test_only_a_full_hash_names_a_commit(project: Path, commit_name: str) -> None:
    commit(project, {"a": "1"})
    with pytest.raises(PodshiftError), Commit(Repository(project / ".git"), commit_name) as holds:
        holds.text("a", 100)


def test_a_subject_is_harmless(project: Path) -> None:
    repository = Repository(project / ".git")
    assert subject(repository, commit(project, {}, "Faster search\n\nMore.")) == "Faster search"
    assert "\x1b" not in subject(repository, commit(project, {}, "\x1b[2Jgone\x07"))
    git(project, "-c", "i18n.commitEncoding=x", "commit", "-q", "--allow-empty", "-m", b"caf\xe9")
    assert subject(repository, git(project, "rev-parse", "HEAD")) == "caf\ufffd"


def subject(repository: Repository, name: str) -> str:
    with Commit(repository, name) as holds:
        return holds.subject()


def test_a_replaced_commit_is_what_its_name_says(project: Path) -> None:
    first, second = commit(project, {"a": "1"}, "One"), commit(project, {"a": "2"}, "Two")
    git(project, "replace", first, second)
    assert subject(Repository(project / ".git"), first) == "One"


def test_an_operators_revision(project: Path) -> None:
    new = commit(project, {"a": "1"})
    git(project, "tag", "-m", "a tag", "v1")
    repository = Repository(project / ".git")
    assert {repository.resolve(name) for name in ("main", "v1", new[:7], "HEAD")} == {new}
    for name in ("--all", "-h", "nothing", "", "main:a", "main..main", "a\nb", "\udce9"):
        with pytest.raises(PodshiftError, match="no commit"):
            repository.resolve(name)
    with pytest.raises(PodshiftError, match="null byte"):
        repository.resolve("a\0b")


def test_a_branch_moves_only_from_where_it_was_seen(project: Path, hello: Repository) -> None:
    first, second = commit(project, {"a": "1"}), commit(project, {"a": "2"})
    push(project, hello, "HEAD:other")
    assert hello.tip("main") is None
    assert not hello.move_branch("main", second, first)
    assert hello.move_branch("main", first, None)
    assert not hello.move_branch("main", second, None)
    assert not hello.move_branch("main", None, second)
    assert hello.tip("main") == first
    assert hello.move_branch("main", second, first)
    assert hello.tip("main") == second
    assert hello.move_branch("main", None, second)
    assert hello.tip("main") is None
    assert hello.move_branch("main", None, None)


def test_a_branch_that_cannot_move_says_why(project: Path, hello: Repository) -> None:
    first = commit(project, {"a": "1"})
    push(project, hello)
    (hello.path / "refs/heads/main.lock").touch()
    command, pipe = ["git", "cat-file", "--batch-check"], subprocess.PIPE
    with subprocess.Popen(command, cwd=hello.path, stdin=pipe, stdout=pipe) as other:
        assert other.stdin
        assert other.stdout
        other.stdin.write(b"HEAD\n")
        other.stdin.flush()
        assert other.stdout.readline()  # only now it is seen to be a git: exec() gives it its name after it has begun
        with pytest.raises(PodshiftError, match="main did not move") as raised:
            hello.move_branch("main", None, first)
        assert "main.lock" in "".join(raised.value.details)
        other.communicate()
    assert hello.move_branch("main", None, first)  # it was left by a git that was killed


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(PodshiftError) as raised, Commit(Repository(tmp_path / "gone.git"), ABSENT) as holds:
        holds.names(".")
    assert "not a git repository" in "".join(raised.value.details)


def test_git_elsewhere_does_not_see_the_hooks_repository(
    tmp_path: Path, hello: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(hello.path))
    monkeypatch.setenv("GIT_QUARANTINE_PATH", "/q")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    with clean_git_environment():
        assert not {"GIT_DIR", "GIT_QUARANTINE_PATH"} & set(os.environ)
        assert os.environ["GIT_SSH_COMMAND"] == "ssh -i key"
    assert os.environ["GIT_DIR"] == str(hello.path)
    assert create_repository(tmp_path / "second.git", "main").path.joinpath("HEAD").exists()


HOOK = """#!{python}
import json, sys
sys.path.insert(0, {hooks!r})
from pathlib import Path
from podshift.source import Commit, Repository, clean_git_environment, create_repository, export
new = sys.stdin.read().split()[1]
here, result = Repository(Path.cwd()), Path({result!r})
with clean_git_environment():
    (result / "tree").mkdir()
    export(here, new, result / "tree")
    other = Repository(Path({other!r}))
    create_repository(result / "made.git", "main")
    pushed, others = Commit(here, new), Commit(other, other.tip("main"))
    told = [pushed.text("podshift.toml", 100), pushed.subject(), here.tip("main"), others.oid, others.names(".")]
(result / "told").write_text(json.dumps(told))
sys.exit("refused by the test")
"""


def test_pre_receive_reads_a_push_that_is_still_in_quarantine(tmp_path: Path, project: Path, hello: Repository) -> None:
    other = create_repository(tmp_path / "other.git", "main")
    first = commit(project, {"a": "1"})
    push(project, other)
    push(project, hello)
    result = tmp_path / "result"
    result.mkdir()
    package = str(Path(podshift.__file__).parent.parent)
    names = {"hooks": package, "result": str(result), "other": str(other.path)}
    hook = hello.path / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text(HOOK.format(python=sys.executable, **names))
    hook.chmod(0o755)
    new = commit(project, {"podshift.toml": "[web]\n"}, "New")
    with pytest.raises(subprocess.CalledProcessError) as raised:
        push(project, hello)
    assert b"refused by the test" in raised.value.stderr
    assert json.loads((result / "told").read_text()) == ["[web]\n", "New", first, first, ["a"]]
    assert (result / "tree" / "podshift.toml").read_text() == "[web]\n"
    with pytest.raises(PodshiftError):
        subject(hello, new)
