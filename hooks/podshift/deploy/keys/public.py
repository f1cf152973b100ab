"""A public SSH key, read from what somebody pasted: exactly one, whole, and of a kind that sshd takes."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from podshift.errors import PodshiftError
from podshift.report import printable, shorten

LONGEST = 16384
"""Bytes: an RSA key of 16,384 bits, the largest that OpenSSH knows, takes a fifth of it."""

_PRIVATE = ("PRIVATE KEY", "PuTTY-User-Key-File")
_HINT = "it is one line that begins with its type, such as ssh-ed25519; it is in the file that ends in .pub"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The two words of a key, and its fingerprint as `ssh-keygen -l` shows it."""

    type: str
    blob: str
    fingerprint: str


Fields = list[bytes]


def _ed25519(fields: Fields) -> bool:
    return len(fields) == 2 and len(fields[1]) == 32


def _rsa(fields: Fields) -> bool:
    return len(fields) == 3 and int.from_bytes(fields[2]).bit_length() <= 16384


def _ecdsa(curve: bytes) -> Callable[[Fields], bool]:
    return lambda fields: len(fields) == 3 and fields[1] == curve and fields[2][:1] == b"\x04"


def _hardware_ed25519(fields: Fields) -> bool:
    return len(fields) == 3 and len(fields[1]) == 32


def _hardware_ecdsa(fields: Fields) -> bool:
    return len(fields) == 4 and fields[1] == b"nistp256" and fields[2][:1] == b"\x04"


# What comes after the type, for the kinds that sshd(8) takes. Certificates are signed by somebody else's rules.
TYPES: dict[str, Callable[[Fields], bool]] = {
    "ssh-ed25519": _ed25519,
    "sk-ssh-ed25519@openssh.com": _hardware_ed25519,
    "ecdsa-sha2-nistp256": _ecdsa(b"nistp256"),
    "ecdsa-sha2-nistp384": _ecdsa(b"nistp384"),
    "ecdsa-sha2-nistp521": _ecdsa(b"nistp521"),
    "sk-ecdsa-sha2-nistp256@openssh.com": _hardware_ecdsa,
    "ssh-rsa": _rsa,
}
WEAKEST_RSA = 2048


def read_public_key(data: bytes) -> PublicKey:
    """The one key in `data`; comments are dropped. Raises PodshiftError, which never repeats a private key."""
    words = _one_line(data).split()
    if words[0] not in TYPES:
        raise _no_type(words)
    if len(words) < 2:
        raise PodshiftError(f"after {words[0]} the key itself is missing", hint=_HINT)
    raw = _decoded(words[1])
    fields = _fields(raw)
    if not fields or fields[0] != words[0].encode() or not TYPES[words[0]](fields):
        raise PodshiftError(f"that is no whole {words[0]} key", hint="copy the whole line of the .pub file")
    if words[0] == "ssh-rsa" and int.from_bytes(fields[2]).bit_length() < WEAKEST_RSA:
        raise PodshiftError(f"that RSA key has less than {WEAKEST_RSA} bits", hint="ssh-keygen -t ed25519 makes one")
    return PublicKey(words[0], base64.b64encode(raw).decode(), _fingerprint(raw))


def _fingerprint(raw: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def _one_line(data: bytes) -> str:
    if len(data) > LONGEST:
        raise PodshiftError(f"that is longer than any public key ({LONGEST:,} bytes)", hint=_HINT)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PodshiftError("that is not text, and no public key", hint=_HINT) from None
    if any(mark in text for mark in _PRIVATE):
        raise PodshiftError(
            "that is a private key, which nobody else should ever have; it was not kept",
            hint="give the file that ends in .pub; if others may have seen this one, make a new pair: ssh-keygen",
        )
    if "BEGIN SSH2 PUBLIC KEY" in text:
        raise PodshiftError("that is a public key in another format", hint="ssh-keygen -i -f FILE converts it")
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    if not lines:
        raise PodshiftError("no public key came", hint="podshift keys add NAME … < key.pub")
    if len(lines) > 1:
        raise PodshiftError(f"those are {len(lines)} lines; a public key is one", hint="add one key at a time")
    return lines[0]


def _no_type(words: list[str]) -> PodshiftError:
    first = shorten(printable(words[0]), 40)
    if any(word in TYPES for word in words):
        return PodshiftError(f"there is {first!r} before the key", hint="options of authorized_keys do not go here")
    if words[0].endswith("-cert-v01@openssh.com"):
        return PodshiftError("that is a certificate", hint="give the public key that it was made for")
    if words[0] in ("ssh-dss", "ssh-dsa"):
        return PodshiftError("sshd takes no DSA keys any more", hint="ssh-keygen -t ed25519 makes one that it does")
    return PodshiftError("that is no public SSH key", hint=_HINT)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PodshiftError("the key is not whole: its second word is no base64", hint=_HINT) from None


def _fields(raw: bytes) -> Fields:
    """Each with its length in four bytes before it (RFC 4253, 6.6); none when they do not fill `raw` exactly."""
    fields = []
    while raw:
        length = int.from_bytes(raw[:4])
        if len(raw) < 4 + length:
            return []
        fields.append(raw[4 : 4 + length])
        raw = raw[4 + length :]
    return fields
