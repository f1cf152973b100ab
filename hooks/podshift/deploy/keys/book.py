"""Who has a key to this installation. The records are the truth, the block in authorized_keys is made of them."""

import re
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from podshift.deploy.installation import Installation
from podshift.deploy.keys import block, file
from podshift.deploy.keys.public import PublicKey
from podshift.errors import PodshiftError
from podshift.records import Key
from podshift.settings import Home

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,39}")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a key may do: everything that can be done over SSH, or what concerns these apps, and making further ones."""

    admin: bool = False
    creates: bool = False
    apps: tuple[str, ...] = ()


def add_key(installation: Installation, name: str, public: PublicKey, rights: Rights) -> Key:
    """Let a key in; one that has this name already gets these rights instead. Raises PodshiftError."""
    check_key_name(name)
    records = installation.records
    with records.transaction():
        for app in rights.apps:
            records.app(app)
        earlier = _earlier(records.all_keys(), name, public)
        _refuse_other_door(installation.home, public)
        key = Key(
            name, public.type, public.blob, public.fingerprint, rights.admin, rights.creates,
            earlier.added if earlier else time.time(), rights.apps,
        )  # fmt: skip
        records.keep_key(key)
        write_block(installation)  # what cannot be written takes the record back with it
    return key


def remove_key(installation: Installation, name: str) -> Key:
    """Let it in no more. A session that it has open now goes on to its end. Raises PodshiftError."""
    with installation.records.transaction():
        key = installation.records.key(name)
        installation.records.remove_key(key)
        write_block(installation)
    return key


def write_block(installation: Installation) -> None:
    """Make the block of authorized_keys what the records say. Raises PodshiftError."""
    keys = installation.records.all_keys()
    file.edit(file.authorized_keys(), lambda text: block.with_keys(text, installation.home, keys))


def renew_block(installation: Installation) -> None:
    """After another podshift has taken over, or a backup was restored. Raises PodshiftError.

    Whose authorized_keys is a link to somewhere, and has no keys here, is left in peace.
    """
    with nullcontext() if installation.records.all_keys() else suppress(PodshiftError):
        write_block(installation)


def remove_block(home: Home) -> None:
    file.edit(file.authorized_keys(), lambda text: block.others(text, home))


def has_shell(installation: Installation, key: Key) -> bool:
    """Has the key a line of its own as well? sshd takes the first that it finds, and that one is no door of ours."""
    return bool(block.lines_with(block.others(file.read(file.authorized_keys()), installation.home), key.blob))


def check_key_name(name: str) -> str:
    if NAME.fullmatch(name):
        return name
    raise PodshiftError(
        f"{name!r} is no name for a key",
        hint="use 1 to 40 letters, digits and . _ @ -, a letter or digit first: ada, ada@laptop",
    )


def _earlier(keys: Sequence[Key], name: str, public: PublicKey) -> Key | None:
    """The same key of the same name. Raises PodshiftError when only one of them is the same."""
    for key in keys:
        same_name, same_key = key.name.lower() == name.lower(), key.fingerprint == public.fingerprint
        if same_key and not same_name:
            raise PodshiftError(
                f"this key is there already, as {key.name}", hint=f"podshift keys remove {key.name}, if it is {name}'s"
            )
        if same_name and not same_key:
            raise PodshiftError(
                f"{key.name} has another key already ({key.fingerprint})",
                hint=f"podshift keys remove {key.name}, or another name for a second key, such as {name}-laptop",
            )
        if same_key:
            return key._replace(name=name)
    return None


def _refuse_other_door(home: Home, public: PublicKey) -> None:
    text = block.others(file.read(file.authorized_keys()), home)
    if any(block.is_door(line) for line in block.lines_with(text, public.blob)):
        raise PodshiftError(
            "this key leads to another installation of this user already, and sshd takes the first that it finds",
            hint="use another key here, or take it away there: podshift keys remove",
        )
