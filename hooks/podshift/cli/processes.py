"""scale, run, exec: an app's processes."""

import re
import sys

import click

from podshift.cli.background import run_change
from podshift.cli.command import app_argument, json_option, open_installation, print_json, refuse_json
from podshift.report import printable, shorten


class PassingOn(click.Command):
    """A command with an app and a command line: its own options stand before or behind the app, and end at `--`.

    What is no option of its own is refused there, as it would only be no program in the container.
    """

    allow_interspersed_args = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        before, rest = self._own_options(ctx, args)
        behind, command = self._own_options(ctx, rest[1:])
        return super().parse_args(ctx, [*before, *behind, *rest[:1], *command])

    def _own_options(self, ctx: click.Context, words: list[str]) -> tuple[list[str], list[str]]:
        """The options that `words` begin with, each with its value, and what comes then."""
        known = {name: one for one in self.get_params(ctx) if isinstance(one, click.Option) for name in one.opts}
        end = 0
        while words[end:] and words[end].startswith("-") and words[end] != "--":
            name, equals, _ = words[end].partition("=")
            if name not in known:
                raise click.NoSuchOption(name, ctx=ctx)
            end += 1 if equals or known[name].is_flag else 2
            if end > len(words):
                raise click.BadOptionUsage(name, f"Option {name!r} requires an argument.", ctx=ctx)
        return words[:end], words[end:]


@click.command()
@app_argument
@click.argument("counts", nargs=-1, metavar="[PROCESS=N]...")
@json_option
def scale(app: str, counts: tuple[str, ...], as_json: bool) -> None:
    """Show, or change, how many containers each process has. PROCESS= alone: as many as the repository says."""
    from podshift.deploy.release.scale import scale as bring

    if counts:
        refuse_json(as_json)
        wanted = dict(_count(text) for text in counts)
        run_change(app, lambda change: bring(change, wanted))
        return
    numbers, own = _numbers(app)
    if as_json:
        print_json(numbers)
    else:
        words = [f"{name}={number}{' (podshift scale)' if name in own else ''}" for name, number in numbers.items()]
        click.echo(" ".join(words) or f"{app} has nothing live yet")


def _count(text: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"([^=]+)=([0-9]{0,9})", text)
    if match is None:
        what = shorten(printable(text), 60)
        raise click.UsageError(f"{what!r} is not PROCESS=N, such as web=2; or web=, for what the repository says")
    return match[1], int(match[2]) if match[2] else None


def _numbers(app: str) -> tuple[dict[str, int], set[str]]:
    """How many of each process; and of which the operator has said so."""
    from podshift.deploy.containers import Blueprint

    with open_installation() as installation:
        live = installation.records.live_release(installation.app(app).name)
        if live is None:
            return {}, set()
        blueprint = Blueprint(installation, installation.app(app), live)
        numbers = {process.name: blueprint.replicas(process) for process in blueprint.manifest.processes.values()}
        return numbers, set(installation.records.scale(app))


@click.command(cls=PassingOn)
@app_argument
@click.argument("command", nargs=-1, required=True, metavar="-- CMD...")
def run(app: str, command: tuple[str, ...]) -> None:
    """Run a command in a container of its own, with the live release's image and config."""
    from podshift.deploy.release.oneoff import run_command

    with open_installation() as installation:
        sys.exit(run_command(installation, installation.app(app), _words(command)))


@click.command("exec", cls=PassingOn)
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
