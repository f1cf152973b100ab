"""config: an app's config variables."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from podshift.cli.background import run_change
from podshift.cli.command import app_argument, json_option, open_installation, print_json, refuse_json
from podshift.cli.releases import release_number
from podshift.config import STDIN, check_name, check_value, read_env_file, without
from podshift.errors import PodshiftError
from podshift.records import Records

PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


@click.command()
@app_argument
@click.argument("action", type=click.Choice(["set", "unset", "get"]), required=False)
@click.argument("words", nargs=-1, metavar="[K=V | K]...")
@click.option("--env-file", type=click.Path(path_type=Path), help="Set what a .env file says; - is standard input.")
@click.option("--no-restart", is_flag=True, help="Only the next release will use it.")
@click.option("--build", is_flag=True, help="Secrets of builds, which no container gets.")
@click.option("--release", metavar="vN", help="Show what a release was made with.")
@json_option
def config(
    app: str, action: str | None, words: tuple[str, ...], env_file: Path | None, no_restart: bool,
    build: bool, release: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Show, set or unset config variables. `set K` alone reads the value from stdin, or asks without echo."""
    if build and (no_restart or release):
        raise click.UsageError("--build concerns the builds to come, and neither a restart nor a release")
    refuse_json(as_json and action in ("set", "unset"))
    scope = Scope(app, build=build, restart=not no_restart)
    if action == "set":
        _set(scope, words, env_file)
    elif action == "unset":
        _unset(scope, words)
    else:
        _show(scope, words, release, as_json)


@dataclass(frozen=True)
class Scope:
    """Whose variables: those of an app's containers, or the secrets of its builds."""

    app: str
    build: bool
    restart: bool

    def variables(self, records: Records) -> dict[str, str]:
        return records.build_variables(self.app) if self.build else records.variables(self.app)

    def change(self, edit: Callable[[Mapping[str, str]], Mapping[str, str]], what: str) -> None:
        from podshift.deploy.release.change import configure, configure_builds, configure_later

        make = configure_builds if self.build else configure if self.restart else configure_later
        run_change(self.app, lambda change: make(change, edit, f"{what}{' for builds' if self.build else ''}"))


def _set(scope: Scope, words: tuple[str, ...], env_file: Path | None) -> None:
    values = read_env_file(env_file) if env_file else {}
    values |= dict(_pair(word, alone=len(words) == 1 and env_file != STDIN) for word in words)
    if not values:
        raise click.UsageError("nothing to set: say K=V, K, or --env-file FILE")
    scope.change(lambda before: {**before, **values}, f"set {', '.join(sorted(values))}")


def _pair(word: str, *, alone: bool) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    check_name(name)
    if not equals:
        value = _secret(name, alone)
    return name, check_value(name, value)


def _secret(name: str, alone: bool) -> str:
    """The value that is not to be seen: asked for on a terminal, else all of stdin, byte for byte."""
    if sys.stdin.isatty():
        answer: str = click.prompt(name, hide_input=True, default="", show_default=False)
        return answer
    if not alone:
        raise click.UsageError(f"the value of {name} comes from stdin, so it must be the only one")
    data = sys.stdin.buffer.read()
    if not data:  # of cron or a script, where nobody meant to say anything
        raise PodshiftError(f"standard input has no value for {name}", hint=f"{name}= sets the empty value")
    return data.decode(errors="surrogateescape")


def _unset(scope: Scope, names: tuple[str, ...]) -> None:
    if not names:
        raise click.UsageError("nothing to unset: say which")
    with open_installation() as installation:
        installation.app(scope.app)
        without(scope.variables(installation.records), names, scope.app)
    scope.change(lambda before: without(before, names, scope.app), f"unset {', '.join(sorted(names))}")


def _show(scope: Scope, names: tuple[str, ...], release: str | None, as_json: bool) -> None:
    app = scope.app
    with open_installation() as installation:
        installation.app(app)
        builds = {} if release else installation.records.build_variables(app)
        if release:
            values = installation.records.release_variables(
                installation.records.release(app, release_number(release, app))
            )
        else:
            values = scope.variables(installation.records)
    if names:
        without(values, names, app)
        values = {name: values[name] for name in names}
    if as_json:
        print_json(values)
    elif names:
        for name in names:
            sys.stdout.buffer.write(values[name].encode() + b"\n")
    elif not values and not builds:
        click.echo(f"{app} has no config variables; podshift config {app} set K=V sets one")
    else:
        for name, value in values.items() if not scope.build else ():
            click.echo(f"{name}={value if PLAIN.fullmatch(value) else _quoted(value)}")
        for name in builds:
            click.echo(f"{name}  (a secret of builds; podshift config {app} get --build {name} shows it)")


def _quoted(value: str) -> str:
    """As a shell would take it back, with nothing that a terminal would act on."""
    if value.isprintable():
        return "'" + value.replace("'", "'\\''") + "'"
    escaped = "".join(c if c.isprintable() and c not in "'\\" else c.encode("unicode_escape").decode() for c in value)
    return "$'" + escaped.replace("'", "\\'") + "'"
