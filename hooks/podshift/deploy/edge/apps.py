"""What an app wants of HTTPS: maps of the running proxy, so nothing is reloaded."""

from podshift.deploy.app.domains import publish, refuse_by_alias
from podshift.deploy.installation import Installation
from podshift.deploy.proxy import ensure_proxy
from podshift.records import App
from podshift.report import Log


def set_https(installation: Installation, name: str, *, redirect: bool, hsts: int | None, log: Log) -> App:
    """Whether http is sent to https, and for how many seconds browsers shall ask by https alone (None: unsaid)."""
    refuse_by_alias(installation.app(name))
    ensure_proxy(installation, log)
    installation.records.set_https(name, redirect=redirect, hsts=hsts)
    publish(installation)
    return installation.app(name)
