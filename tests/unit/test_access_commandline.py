"""The line that a client asks for: words and nothing more, whatever is in it."""

import pytest

from podshift.access.commandline import LONGEST, GitRequest, read_request
from podshift.errors import PodshiftError


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("git-receive-pack 'hello'", GitRequest("receive-pack", "hello")),
        ("git receive-pack '/hello.git/'", GitRequest("receive-pack", "/hello.git/")),
        ("git-upload-pack hello", GitRequest("upload-pack", "hello")),
        ("podshift git-upload-pack hello", GitRequest("upload-pack", "hello")),
        ("git-receive-pack '$(id)'", GitRequest("receive-pack", "$(id)")),
        ("git-receive-pack 'a'\\''b'", GitRequest("receive-pack", "a'b")),
    ],
)
def test_what_git_asks_for(line: str, request_: GitRequest) -> None:
    assert read_request(line) == request_


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (None, ()),
        ("", ()),
        ("  \n ", ()),
        ("podshift", ()),
        ("status", ("status",)),
        ("podshift status hello", ("status", "hello")),
        ("run hello -- sh -c 'echo \"a b\"; id'", ("run", "hello", "--", "sh", "-c", 'echo "a b"; id')),
        ("status; id", ("status;", "id")),
        ("status\nid", ("status", "id")),
        ("status $(id) `id` | id > /x & # x", ("status", "$(id)", "`id`", "|", "id", ">", "/x", "&", "#", "x")),
        ("github hello", ("github", "hello")),
        ("GIT-RECEIVE-PACK hello", ("GIT-RECEIVE-PACK", "hello")),
    ],
)
def test_a_command_is_only_words(line: str | None, words: tuple[str, ...]) -> None:
    assert read_request(line) == words


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("git-receive-pack", "one app"),
        ("git-receive-pack 'hello' 'x'", "one app"),
        ("git-receive-pack hello\nid", "one app"),
        ("git-receive-pack hello; id", "one app"),
        ("git-receive-pack --advertise-refs", "one app"),
        ("git-upload-pack --upload-pack=id hello", "one app"),
        ("git-upload-pack --strict hello", "one app"),
        ("git-upload-archive hello", "'git-upload-archive' is not to be had"),
        ("git upload-archive hello", "'git-upload-archive' is not to be had"),
        ("git", "'git' is not to be had"),
        ("git --exec-path=/x receive-pack hello", "not to be had"),
        ("git -c core.sshCommand=id upload-pack hello", "not to be had"),
        ("git-shell -c id", "not to be had"),
        ("git-lfs-authenticate hello upload", "not to be had"),
        ("git-receive-pack;id", "not to be had"),
        ("git-\x1b[31mx", "not to be had"),
        ("status 'open", "no closing quotation"),
        ("status \\", "no escaped character"),
        ("status \0", "NUL"),
        ("status \udcff", "not UTF-8"),
        ("x" * (LONGEST + 1), "longer than"),
    ],
)
def test_what_is_refused(line: str, said: str) -> None:
    with pytest.raises(PodshiftError, match=said) as caught:
        read_request(line)
    assert caught.value.hint or "NUL" in said
    assert "\x1b" not in caught.value.message
