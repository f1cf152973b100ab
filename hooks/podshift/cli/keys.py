"""keys: who may come in over SSH, and for what."""

import sys
import time

import click

from podshift.cli.command import json_option, open_installation, print_json, print_table, who
from podshift.deploy.events.record import record
from podshift.deploy.keys.book import Rights, add_key, check_key_name, has_shell, remove_key
from podshift.deploy.keys.public import LONGEST, read_public_key
from podshift.records import Key

NO_APP = ""


@click.group()
def keys() -> None:
    """Say whose SSH keys may push and give commands, and for which apps. None of them gets a shell."""


@keys.command()
@click.argument("name")
@click.option("--apps", metavar="A,B", help="Only these apps: push, fetch, and the commands that concern them.")
@click.option("--admin", is_flag=True, help="All apps, and everything that can be done over SSH.")
@click.option("--create", is_flag=True, help="May make apps, by a first push or by create; they become its own.")
def add(name: str, apps: str | None, admin: bool, create: bool) -> None:
    """Let a key in. Its public half comes on standard input: podshift keys add ada --admin < ada.pub

    The same key again under the same name gets these rights in place of the earlier ones.
    """
    rights = _rights(apps, admin, create)
    check_key_name(name)
    public = read_public_key(_standard_input())
    with open_installation() as installation:
        key = add_key(installation, name, public, rights)
        record(installation, NO_APP, "keys", who(), f"add {key.name}: {key.rights}")
        shell = has_shell(installation, key)
    click.echo(f"{key.name} may come in with {key.fingerprint}: {key.rights}")
    if shell:
        click.echo(
            "warning: ~/.ssh/authorized_keys has this key on a line of its own too; that one comes first, and gives"
            " a whole shell\nhint: take that line away, and podshift's holds",
            err=True,
        )


def _rights(apps: str | None, admin: bool, create: bool) -> Rights:
    if admin and apps is not None:
        raise click.UsageError("--admin has all apps; say either --admin or --apps")
    if not admin and apps is None and not create:
        raise click.UsageError("say what this key may do: --apps A,B, --create or --admin")
    names = [name.strip() for name in (apps or "").split(",")] if apps is not None else []
    if not all(names):
        raise click.UsageError("--apps takes names with commas between them, such as --apps hello,shop")
    return Rights(admin, create, tuple(dict.fromkeys(names)))


def _standard_input() -> bytes:
    if sys.stdin.isatty():
        click.echo("Paste the public key, then Enter and Ctrl-D:", err=True)
    return sys.stdin.buffer.read(LONGEST + 1)


@keys.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Who may come in, and for what."""
    with open_installation() as installation:
        found = installation.records.all_keys()
    if as_json:
        print_json([_object(key) for key in found])
    elif not found:
        click.echo("no keys yet; podshift keys add NAME --admin < key.pub lets one in")
    else:
        rows = [(key.name, key.rights, key.type, key.fingerprint, _day(key.added)) for key in found]
        print_table(("NAME", "MAY USE", "TYPE", "FINGERPRINT", "ADDED"), rows)


def _object(key: Key) -> dict[str, object]:
    return {
        "name": key.name,
        "admin": key.admin,
        "create": key.may_create,
        "apps": list(key.apps),
        "type": key.type,
        "fingerprint": key.fingerprint,
        "added": key.added,
    }


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at))


@keys.command()
@click.argument("name")
def remove(name: str) -> None:
    """Let a key in no more. What it has open now goes on to its end."""
    with open_installation() as installation:
        removed = remove_key(installation, name)
        record(installation, NO_APP, "keys", who(), f"remove {removed.name}")
    click.echo(f"{removed.name} may come in no more")
