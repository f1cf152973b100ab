"""Public keys: what ssh-keygen makes is taken, everything else is refused with what to do."""

import base64
import subprocess
from pathlib import Path

import pytest

from podshift.deploy.keys.public import LONGEST, read_public_key
from podshift.errors import PodshiftError

# Made for this test; their private halves were never kept.
ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIEsjMDOTvYMxt79hF3TJ8rj6I95Er7+wDRvBISgNvG+0"
HARDWARE = base64.b64encode(
    b"\0\0\0\x1ask-ssh-ed25519@openssh.com" + b"\0\0\0\x20" + b"k" * 32 + b"\0\0\0\x04ssh:"
).decode()


def made(folder: Path, kind: str, bits: int) -> tuple[bytes, str]:
    """A key pair's public line, and its fingerprint in ssh-keygen's words."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", str(bits), "-N", "", "-C", "ada@x y", "-f", key], check=True)
    told = subprocess.run(["ssh-keygen", "-l", "-f", key], check=True, capture_output=True, text=True)
    return key.with_suffix(".pub").read_bytes(), told.stdout.split()[1]


@pytest.mark.parametrize(
    ("kind", "bits", "name"),
    [
        ("ed25519", 256, "ssh-ed25519"),
        ("rsa", 2048, "ssh-rsa"),
        ("ecdsa", 256, "ecdsa-sha2-nistp256"),
        ("ecdsa", 384, "ecdsa-sha2-nistp384"),
        ("ecdsa", 521, "ecdsa-sha2-nistp521"),
    ],
)
def test_what_ssh_keygen_makes(tmp_path: Path, kind: str, bits: int, name: str) -> None:
    line, fingerprint = made(tmp_path, kind, bits)
    key = read_public_key(line)
    assert (key.type, key.blob, key.fingerprint) == (name, line.split()[1].decode(), fingerprint)


def test_a_key_in_hardware() -> None:
    assert read_public_key(f"sk-ssh-ed25519@openssh.com {HARDWARE}".encode()).blob == HARDWARE


@pytest.mark.parametrize(
    "text",
    [
        f"ssh-ed25519 {ED25519}",
        f"ssh-ed25519 {ED25519} ada@laptop with words; $(id) \"'\n",
        f"\n# ada's\r\n\r\n  ssh-ed25519\t{ED25519}  \r\n\n",
        f"\ufeffssh-ed25519 {ED25519}\n",
    ],
)
def test_comments_and_blanks_are_harmless(text: str) -> None:
    key = read_public_key(text.encode())
    assert (key.type, key.blob) == ("ssh-ed25519", ED25519)


REFUSED = [
    ("", "no public key came"),
    ("\n# only a comment\n", "no public key came"),
    (f"ssh-ed25519 {ED25519}\nssh-ed25519 {ED25519}", "2 lines"),
    ("ssh-ed25519", "the key itself is missing"),
    ("ssh-ed25519 AAAA!!!!", "no base64"),
    (f"ssh-ed25519 {ED25519[:-1]}", "no base64"),
    (f"ssh-ed25519 {ED25519[:-4]}", "no whole ssh-ed25519 key"),
    (f"ssh-ed25519 {ED25519}AAAA", "no whole ssh-ed25519 key"),
    (f"ssh-rsa {ED25519}", "no whole ssh-rsa key"),
    ("ssh-ed25519 AAAA", "no whole ssh-ed25519 key"),
    (f"ssh-dss {ED25519}", "no DSA keys"),
    (f"ssh-ed25519-cert-v01@openssh.com {ED25519}", "a certificate"),
    (f'command="id" ssh-ed25519 {ED25519}', "before the key"),
    (f"no-pty ssh-ed25519 {ED25519}", "before the key"),
    (f"from=10.0.0.1,\x1b[31m ssh-ed25519 {ED25519}", "before the key"),
    ("hello", "no public SSH key"),
    ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "another format"),
    ("x" * (LONGEST + 1), "longer than any public key"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_no_key_is_refused(text: str, said: str) -> None:
    with pytest.raises(PodshiftError, match=said) as caught:
        read_public_key(text.encode())
    assert caught.value.hint
    assert "\x1b" not in "".join(caught.value.lines())


def test_no_text_at_all() -> None:
    with pytest.raises(PodshiftError, match="not text"):
        read_public_key(b"\xff\xfe\x00ssh")


def test_a_weak_key(tmp_path: Path) -> None:
    line, _ = made(tmp_path, "rsa", 1024)
    with pytest.raises(PodshiftError, match="less than 2048 bits"):
        read_public_key(line)


def test_a_private_key_is_refused_and_never_repeated(tmp_path: Path) -> None:
    made(tmp_path, "ed25519", 256)
    for text in ((tmp_path / "key").read_text(), "PuTTY-User-Key-File-3: ssh-ed25519\nsecret\n"):
        with pytest.raises(PodshiftError, match="a private key") as caught:
            read_public_key(text.encode())
        said = "\n".join(caught.value.lines())
        assert ".pub" in said
        assert not [line for line in text.splitlines() if line in said]
