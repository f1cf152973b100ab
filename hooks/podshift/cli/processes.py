"""scale, run, exec: an app's processes."""

import re
import sys

import click

from podshift.cli.background import run_change
from podshift.cli.command import app_argument, json_option, open_installation, print_json, refuse_json
from podshift.report import printable, shorten

PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command()
@app_argument
@click.argument("counts", nargs=-1, metavar="[PROCESS=N]...")
@json_option
def scale(app: str, counts: tuple[str, ...], as_json: bool) -> None:
    """Show, or change, how many containers each process has."""
    from podshift.deploy.release.scale import scale as bring

    if counts:
        refuse_json(as_json)
        wanted = dict(_count(text) for text in counts)
        run_change(app, lambda change: bring(change, wanted))
        return
    numbers = _numbers(app)
    if as_json:
        print_json(numbers)
    else:
        click.echo(" ".join(f"{name}={number}" for name, number in numbers.items()) or f"{app} has nothing live yet")


def _count(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"([^=]+)=([0-9]{1,9})", text)
    if match is None:
        raise click.UsageError(f"{shorten(printable(text), 60)!r} is not PROCESS=N, such as web=2")
    return match[1], int(match[2])


def _numbers(app: str) -> dict[str, int]:
    from podshift.deploy.containers import Blueprint

    with open_installation() as installation:
        live = installation.records.live_release(installation.app(app).name)
        if live is None:
            return {}
        blueprint = Blueprint(installation, installation.app(app), live)
        return {process.name: blueprint.replicas(process) for process in blueprint.manifest.processes.values()}


@click.command(context_settings=PASS_ON)
@app_argument
@click.argument("command", nargs=-1, required=True, metavar="-- CMD...")
def run(app: str, command: tuple[str, ...]) -> None:
    """Run a command in a container of its own, with the live release's image and config."""
    from podshift.deploy.release.oneoff import run_command

    with open_installation() as installation:
        sys.exit(run_command(installation, installation.app(app), _words(command)))


@click.command("exec", context_settings=PASS_ON)
@app_argument
@click.option("--process", default="web", show_default=True, metavar="P", help="Whose container.")
@click.argument("command", nargs=-1, required=True, metavar="-- CMD...")
def exec_(app: str, process: str, command: tuple[str, ...]) -> None:
    """Run a command inside a running container."""
    from podshift.deploy.release.oneoff import exec_command

    with open_installation() as installation:
        sys.exit(exec_command(installation, installation.app(app), process, _words(command)))


def _words(command: tuple[str, ...]) -> tuple[str, ...]:
    """`run hello -- ls -l` and `run hello ls -l` mean the same."""
    words = command[1:] if command[0] == "--" else command
    if not words:
        raise click.UsageError("say what to run, after --")
    return words
