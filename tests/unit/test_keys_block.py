"""podshift's block in authorized_keys: whole, quoted, and among lines that are not touched."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from podshift.deploy.keys import block
from podshift.records import Key
from podshift.settings import Home

HOME = Home(Path("/home/deploy/.local/share/podshift"))
OTHER = Home(Path("/home/deploy/.local/share/podshift-two"))


def key(name: str, blob: str = "AAAAC3NzaC1lZDI1NTE5AAAA") -> Key:
    return Key(name, "ssh-ed25519", blob, f"SHA256:{name}+/x", admin=True, creates=False, added=0)


ADA, BOB = key("ada", "AAAAada"), key("bob", "AAAAbob")
FOREIGN = b'# mine\nssh-ed25519 AAAAroot me@x\n\n\tfrom="10.0.0.1" ssh-rsa AAAAb3 \xff\xfe \r\nno newline at the end'


def test_a_line_says_what_the_key_may_and_nothing_else() -> None:
    assert block.line_of(HOME, ADA).decode() == (
        f'restrict,pty,command="{sys.executable} -I -X utf8 -m podshift.access /home/deploy/.local/share/podshift '
        'SHA256:ada+/x" ssh-ed25519 AAAAada ada'
    )


@pytest.mark.parametrize("path", ["/home/a b", "/home/a'b", '/home/a"b', "/home/$(id)", "/home/a\\b", "/home/a;b`c`"])
def test_the_command_reaches_python_as_it_is(path: str) -> None:
    """sshd takes the quotes of authorized_keys away, and the user's shell those of the command."""
    line = block.line_of(Home(Path(path)), ADA).decode()
    command = line.removeprefix('restrict,pty,command="').removesuffix('" ssh-ed25519 AAAAada ada').replace('\\"', '"')
    words = [sys.executable, "-I", "-X", "utf8", "-m", "podshift.access", path, ADA.fingerprint]
    assert shlex.split(command) == words
    shown = subprocess.run(["sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines() == words


def test_other_lines_stay_byte_for_byte() -> None:
    text = block.with_keys(FOREIGN, HOME, [ADA, BOB])
    assert text.startswith(FOREIGN + b"\n# podshift begins: ")
    assert block.others(text, HOME) == FOREIGN + b"\n"
    assert block.with_keys(text, HOME, [ADA, BOB]) == text
    assert block.with_keys(FOREIGN, HOME, []) == FOREIGN
    assert block.with_keys(b"", HOME, []) == b""


def test_the_block_stays_in_its_place() -> None:
    text = block.with_keys(b"first\n", HOME, [ADA]) + b"last\n"
    changed = block.with_keys(text, HOME, [BOB])
    assert changed.startswith(b"first\n# podshift begins")
    assert changed.endswith(b"# podshift ends: keys of /home/deploy/.local/share/podshift\nlast\n")
    assert b"AAAAada" not in changed


def test_two_installations_have_a_block_each() -> None:
    one = block.with_keys(FOREIGN, HOME, [ADA])
    both = block.with_keys(one, OTHER, [BOB])
    assert block.others(both, OTHER) == one
    assert block.lines_with(block.others(both, HOME), "AAAAbob") == [block.line_of(OTHER, BOB)]
    assert block.with_keys(block.others(block.others(both, HOME), OTHER), HOME, []) == FOREIGN + b"\n"


WHOLE = block.with_keys(b"first\nlast\n", HOME, [ADA, BOB])
BEGIN, LINE_ADA, LINE_BOB, END = WHOLE.splitlines(keepends=True)[2:]


@pytest.mark.parametrize(
    "damaged",
    [
        b"first\nlast\n" + BEGIN + LINE_ADA + LINE_BOB,
        b"first\nlast\n" + LINE_ADA + END,
        b"first\nlast\n" + LINE_ADA.replace(b"restrict,", b"").replace(b"-X utf8 ", b"-X utf8 "),
        b"first\n" + END + b"last\n" + BEGIN,
        b"first\n" + BEGIN + LINE_ADA + END + b"last\n" + BEGIN + LINE_BOB + END,
        b"first\n" + BEGIN + b"last\n" + LINE_BOB.replace(sys.executable.encode(), b"/old/python") + END,
    ],
)
def test_a_damaged_block_is_mended_and_others_lines_are_kept(damaged: bytes) -> None:
    mended = block.with_keys(damaged, HOME, [ADA, BOB])
    assert block.others(mended, HOME) == b"first\nlast\n"
    assert [line for line in mended.splitlines(keepends=True) if line in (BEGIN, LINE_ADA, LINE_BOB, END)] == [
        BEGIN, LINE_ADA, LINE_BOB, END,
    ]  # fmt: skip


def test_what_only_looks_like_the_block_is_somebody_else_s() -> None:
    text = b"# podshift begins: keys of /elsewhere\n#" + LINE_ADA + b"ssh-ed25519 AAAA" + b" " + LINE_ADA
    assert block.others(text, HOME) == text


def test_lines_that_give_a_shell() -> None:
    text = (
        b"# comment\nssh-ed25519 AAAA a\n\n"
        b'from="10.0.0.1,::1",no-pty ssh-rsa AAAA b\n'
        b'no-pty,Command="git-shell -c \\"$X\\"" ssh-rsa AAAA c\n'
        b'environment="X=command" ecdsa-sha2-nistp256 AAAA d\n'
    )
    assert block.shells(text) == [2, 4, 6]
    assert block.shells(WHOLE.removeprefix(b"first\nlast\n")) == []
