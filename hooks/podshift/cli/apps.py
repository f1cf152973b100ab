"""create, destroy, gate, apps, status: what there is."""

import time
from typing import TYPE_CHECKING, Any

import click

from podshift.cli.command import (
    app_argument,
    by_operator,
    caller,
    confirm,
    json_option,
    open_installation,
    print_json,
    print_table,
    visible,
    volumes_option,
    who,
    yes_option,
)  # fmt: skip
from podshift.records import ALIAS, HAPROXY, NewApp
from podshift.report import Log, ago, printable

if TYPE_CHECKING:
    from podshift.deploy.server.status import AppStatus
    from podshift.records import App, Release


@click.command()
@app_argument
@click.option("--domain", "domains", multiple=True, metavar="D", help="A host name; may be given more than once.")
@click.option("--branch", default="main", show_default=True, help="The branch that deploys.")
@click.option("--gate", is_flag=True, help="A failed deploy refuses the push itself.")
@click.option("--path", default="", metavar="DIR", help="The folder of the repository that the app is in.")
@click.option("--origin", default="", metavar="URL", help="Where the repository is at home, for relative submodules.")
@click.option("--object-format", type=click.Choice(["sha1", "sha256"]), default="sha1", help="The repository's hash.")
@click.option("--proxy", type=click.Choice([HAPROXY, ALIAS]), default=HAPROXY, help="alias: by a proxy of your own.")
@json_option
def create(app: str, as_json: bool, **how: Any) -> None:
    """Make an app: its repository, its network, its route."""
    from podshift.deploy.app.apps import create_app, remote_url, short_remote
    from podshift.deploy.events.record import record

    with open_installation() as installation, Log.on(2) as log:
        key = caller()
        owner = key.fingerprint if key and not key.admin else None
        made = create_app(installation, NewApp(app, **how, origin_trusted=by_operator()), log, owner=owner)
        record(installation, app, "create", who())
        remote = remote_url(installation, made.name)
        shown = short_remote(made.name) if installation.records.all_keys() else remote
        repository = str(installation.home.repository(made.name))
    if as_json:
        print_json({"app": made.name, "repository": repository, "remote": remote})
        return
    click.echo(f"{made.name} is ready for its first push. In your checkout:\n")
    click.echo(f"  git remote add production {shown}\n  git push production {made.branch}")
    if shown != remote and key is None:
        click.echo(f"\nThat is for podshift's keys; with a plain one: {remote}")
    if made.by_alias:
        click.echo(
            f"\nYour proxy finds it on the network podshift-{app}, by the name {app}, at the port that it listens on."
        )


@click.command()
@app_argument
@volumes_option
@yes_option
def destroy(app: str, volumes: bool, yes: bool) -> None:
    """Take an app away: containers, images, network, repository, records. Data volumes are kept."""
    from podshift.deploy.app.apps import destroy_app, is_left_behind
    from podshift.deploy.events.record import record
    from podshift.deploy.volumes import settle_volumes

    with open_installation() as installation, Log.on(2) as log:
        if not is_left_behind(installation, app):
            installation.app(app)
        what = "its releases, its repository and its data volumes" if volumes else "its releases and its repository"
        confirm(f"Destroy {app}, {what}?", yes)
        destroy_app(installation, app, log)
        settle_volumes(installation, log, remove=volumes, app=app)
        record(installation, app, "destroy", who(), "with its data volumes" if volumes else "")
    click.echo(f"{app} is gone")


@click.command()
@app_argument
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
def gate(app: str, state: str | None) -> None:
    """Show or change whether a failed deploy refuses the push."""
    from podshift.deploy.events.record import record

    with open_installation() as installation:
        if state:
            installation.app(app)
            installation.records.set_gate(app, state == "on")
            record(installation, app, "gate", who(), state)
        click.echo(f"the gate of {app} is {'on' if installation.app(app).gate else 'off'}")


@click.command()
@json_option
def apps(as_json: bool) -> None:
    """List the apps."""
    with open_installation() as installation:
        found = [(app, installation.records.live_release(app.name)) for app in visible(installation.records.apps())]
    if as_json:
        print_json([_app_object(app, live) for app, live in found])
    elif not found:
        click.echo("no apps yet; podshift create APP makes one")
    else:
        rows = [_app_row(app, live) for app, live in found]
        print_table(("APP", "LIVE", "COMMIT", "PATH", "DOMAINS"), rows)


def _app_object(app: "App", live: "Release | None") -> dict[str, object]:
    return {
        "app": app.name,
        "live": live and live.number,
        "branch": app.branch,
        "path": app.path,
        "domains": list(app.domains),
    }


def _app_row(app: "App", live: "Release | None") -> tuple[str, ...]:
    release, commit = (live.name, live.commit[:7]) if live else ("-", "-")
    return app.name, release, commit, app.path or "-", ", ".join(app.domains) or "-"


@click.command()
@click.argument("app", required=False)
@json_option
def status(app: str | None, as_json: bool) -> None:
    """Show what runs, and what the proxy sends requests to."""
    from podshift.deploy.server.status import statuses

    with open_installation() as installation:
        names = [app] if app else [one.name for one in visible(installation.records.apps())]
        found = statuses(installation, names)
    if as_json:
        objects = [_status_object(one) for one in found]
        print_json(objects[0] if app else objects)
        return
    if not found:
        click.echo("no apps yet; podshift create APP makes one")
    if any(one.proxy_answers is False for one in found):
        click.echo("proxy: it does not answer; podshift up")
    for one in found:
        _print_status(one)


def _status_object(one: "AppStatus") -> dict[str, object]:
    return {
        "app": one.app.name,
        "live": one.live and one.live.number,
        "commit": one.live and one.live.commit,
        "urls": list(one.urls),
        "deploying": one.deploying,
        "stopped": one.stopped,
        "path": one.app.path,
        "maintenance": one.app.maintenance,
        "proxy_answers": one.proxy_answers,
        "processes": {
            name: [{"container": c.container, "state": c.state, "upstream": c.upstream} for c in containers]
            for name, containers in one.processes.items()
        },
    }


def _print_status(one: "AppStatus") -> None:
    live = one.live
    what = (
        f'{live.name} {live.commit[:7]} "{printable(live.subject)}", {ago(time.time() - live.at)}'
        if live
        else "nothing live yet"
    )
    click.echo(f"{one.app.name}: {what}")
    click.echo(f"  {' '.join(one.urls)}")
    if one.app.path:
        click.echo(f"  from {one.app.path} of its repository")
    if one.stopped:
        click.echo(f"  stopped; podshift start {one.app.name} runs it again")
    if one.deploying:
        click.echo(f"  under way: {one.deploying}")
    if one.app.maintenance:
        click.echo(f"  maintenance: {printable(one.app.maintenance)}")
    for containers in one.processes.values():
        for container in containers:
            click.echo(f"  {container.container:<40} {container.state:<10} {container.upstream or ''}".rstrip())
