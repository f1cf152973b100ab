"""deploy, rollback, cancel, releases, output, render: an app's releases."""

import re
import time
from datetime import datetime

import click

from podshift.cli.background import run_change, run_in_background
from podshift.cli.command import app_argument, json_option, open_installation, print_json, print_table, who
from podshift.errors import PodshiftError
from podshift.records import Release
from podshift.report import duration, printable, shorten


@click.command()
@app_argument
@click.argument("rev", required=False)
@click.option("--no-cache", is_flag=True, help="Build every layer anew.")
@click.option("--canary", metavar="PERCENT", help="The share of the requests that it gets for the time of web.watch.")
@click.option("--message", metavar="TEXT", help="What this deploy is for; shown in releases and events.")
def deploy(app: str, rev: str | None, no_cache: bool, canary: str | None, message: str | None) -> None:
    """Deploy a commit that was pushed. Default: the tip of the deploy branch."""
    from podshift.deploy.release.options import Options, read_canary, read_message
    from podshift.deploy.release.push import Wish, deploy_commit
    from podshift.source import Repository

    options = Options(
        use_cache=not no_cache,
        canary=None if canary is None else read_canary(canary),
        message=None if message is None else read_message(message),
    )
    with open_installation() as installation:
        branch = installation.app(app).branch
        commit = Repository(installation.home.repository(app)).resolve(rev or f"refs/heads/{branch}")
    wish = Wish(app, commit, who(), options=options)
    run_in_background(app, lambda own, log, cancellation: deploy_commit(own, wish, log, cancellation))


@click.command()
@app_argument
@click.argument("release", required=False, metavar="[vN]")
@click.option("--keep-config", is_flag=True, help="Today's config variables, not those of that release.")
def rollback(app: str, release: str | None, keep_config: bool) -> None:
    """Go back to an earlier release's image and config. Default: the one that was live before."""
    from podshift.deploy.release.change import rollback as go_back

    number = release_number(release, app) if release else None
    run_change(app, lambda change: go_back(change, number, keep_config=keep_config))


@click.command()
@app_argument
def cancel(app: str) -> None:
    """Stop the deploy that is under way; what is live stays live."""
    from podshift.deploy.release.cancel import cancel as stop

    with open_installation() as installation:
        what = stop(installation, app)
    click.echo(f"cancelled: {what}")


@click.command()
@app_argument
@json_option
def releases(app: str, as_json: bool) -> None:
    """List an app's releases, newest first."""
    with open_installation() as installation:
        installation.app(app)
        found = installation.records.releases(app)
    if as_json:
        print_json([_release_object(release) for release in found])
    elif not found:
        click.echo(f"{app} has no releases yet")
    else:
        rows = [_release_row(release) for release in found]
        print_table(("RELEASE", "STATE", "COMMIT", "WHEN", "TOOK", "BY", "WHAT"), rows)


def _release_object(release: Release) -> dict[str, object]:
    return {
        "number": release.number,
        "commit": release.commit,
        "image": release.image,
        "state": str(release.state),
        "by": release.pushed_by,
        "at": datetime.fromtimestamp(release.at).astimezone().isoformat(timespec="seconds"),
        "seconds": release.seconds,
        "error": release.error,
        "rollback_of": release.rollback_of,
        "message": release.message,
    }


def _release_row(release: Release) -> tuple[str, ...]:
    back = f"back to v{release.rollback_of}" if release.rollback_of else None
    what = back or release.error or release.message or release.subject
    return (
        release.name,
        str(release.state),
        release.commit[:7],
        time.strftime("%Y-%m-%d %H:%M", time.localtime(release.at)),
        duration(release.seconds) if release.seconds is not None else "-",
        release.pushed_by,
        shorten(printable(what), 48),
    )


@click.command()
@app_argument
@click.argument("release", required=False, metavar="[vN]")
def output(app: str, release: str | None) -> None:
    """Print a deploy's whole log. Default: the newest."""
    with open_installation() as installation:
        installation.app(app)
        found = installation.records.releases(app)
        if not found:
            raise PodshiftError(f"{app} has no releases yet", hint="git push one")
        number = release_number(release, app) if release else found[0].number
        path = installation.home.log(app, installation.records.release(app, number).number)
    try:
        click.echo(path.read_text(errors="replace"), nl=False)
    except FileNotFoundError:
        raise PodshiftError(f"the log of v{number} is no longer kept") from None


@click.command()
@app_argument
def render(app: str) -> None:
    """Print the arguments that would run the live release's containers, one a line."""
    from podshift.deploy.containers import preview

    with open_installation() as installation:
        for arguments in preview(installation, installation.app(app)):
            click.echo("\n".join(map(printable, arguments)))


def release_number(text: str, app: str) -> int:
    """`v12` or `12`. Raises PodshiftError for everything else, and for more digits than any release has."""
    if match := re.fullmatch(r"v?([0-9]{1,9})", text):
        return int(match[1])
    raise PodshiftError(
        f"{shorten(printable(text), 40)!r} is no release", hint=f"such as v12; podshift releases {app} lists them"
    )
