"""path, origin, deploy-key: where an app's code is, and what it may fetch from elsewhere."""

import click

from podshift.cli.command import app_argument, by_operator, json_option, open_installation, print_json, who
from podshift.report import printable

TOP = "the top of its repository"


@click.command()
@app_argument
@click.argument("folder", required=False, metavar="[DIR]")
@json_option
def path(app: str, folder: str | None, as_json: bool) -> None:
    """Show or change the folder of the repository that an app is in; `.` is the top. It holds from the next push on."""
    from podshift.deploy.events.record import record
    from podshift.manifest import app_path

    with open_installation() as installation:
        before = installation.app(app).path
        if folder is not None:
            installation.records.set_path(app, app_path(folder))
            record(installation, app, "path", who(), folder)
        now = installation.app(app).path
    if as_json:
        print_json({"app": app, "path": now})
    else:
        click.echo(f"{app} is made from {printable(now) or TOP}{', from the next push on' if now != before else ''}")


@click.command()
@app_argument
@click.argument("url", required=False)
@click.option("--forget", is_flag=True, help="There is none any more.")
def origin(app: str, url: str | None, forget: bool) -> None:
    """Show or change the URL that the repository has elsewhere: relative submodules and LFS files are found by it."""
    from podshift.deploy.events.record import record
    from podshift.source.urls import check_origin, redact

    with open_installation() as installation:
        installation.app(app)
        if url or forget:
            installation.records.set_origin(app, "" if forget else check_origin(url or ""), trusted=by_operator())
            record(installation, app, "origin", who(), "" if forget else redact(url or ""))
        now = installation.app(app).origin
    click.echo(f"the origin of {app} is {redact(now)}" if now else f"{app} has no origin; podshift origin {app} URL")


@click.command("deploy-key")
@app_argument
@click.option("--new", is_flag=True, help="Make another one; the one before is forgotten.")
def deploy_key(app: str, new: bool) -> None:
    """Print the public half of the key with which an app's deploys fetch submodules and LFS files over SSH."""
    from podshift.deploy.events.record import record
    from podshift.records import DeployKey
    from podshift.source.ssh import make_key

    with open_installation() as installation:
        installation.app(app)
        key = installation.records.deploy_key(app)
        if new or not key.public:
            with installation.home.temporary_folder(app, "key") as folder:
                key = DeployKey(*make_key(f"podshift-{app}", folder))
            installation.records.set_deploy_key(app, key)
            record(installation, app, "deploy-key", who(), "new")
    click.echo(key.public)
