"""Which hosts lead to an app, and what stands before it while it is worked on: maps of the running proxy."""

import re
from collections.abc import Sequence

from podshift.deploy.installation import Installation
from podshift.deploy.proxy import ensure_proxy, synchronise_maps
from podshift.errors import PodshiftError
from podshift.lock import exclusive
from podshift.proxy import own_host
from podshift.records import App
from podshift.report import Log

DOMAIN = re.compile(
    r"(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
# Percent-encoded, the longest still fits into one command of HAProxy's runtime socket, which holds 16 KiB.
MESSAGE_CHARACTERS = 1000


def check_domain(text: str) -> str:
    """A host name, lowercased; `*.example.com` stands for every name below it."""
    domain = text.strip().removesuffix(".").lower()
    if DOMAIN.fullmatch(domain):
        return domain
    raise PodshiftError(
        f"{text!r} is no domain", hint="a host name such as shop.example.com, or *.example.com for all names below it"
    )


def change_domains(
    installation: Installation, name: str, log: Log, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> App:
    """Give an app domains, or take some away: all of them or none. Raises PodshiftError."""
    added, removed = ([check_domain(domain) for domain in domains] for domains in (add, remove))
    refuse_by_alias(installation.app(name))
    ensure_proxy(installation, log)
    with exclusive(installation.home.apps_lock):
        present = installation.app(name).domains
        refuse_taken_domains(installation, name, added)
        if missing := [domain for domain in removed if domain not in present]:
            raise PodshiftError(f"{name} does not have {', '.join(missing)}", hint=f"podshift domains {name}")
        with installation.records.transaction():
            for domain in dict.fromkeys(added):
                if domain not in present:
                    installation.records.add_domain(name, domain)
            for domain in removed:
                installation.records.remove_domain(name, domain)
    publish(installation)
    return installation.app(name)


def refuse_taken_domains(installation: Installation, name: str, domains: Sequence[str]) -> None:
    """A domain has one owner, and APP.localhost is always that app's."""
    own = {own_host(app.name): app.name for app in installation.records.apps()}
    for domain in domains:
        owner = installation.records.domain_owner(domain) or own.get(domain)
        if owner not in (None, name):
            raise PodshiftError(f"{domain} belongs to {owner} already", hint=f"podshift domains {owner}")


def set_maintenance(installation: Installation, name: str, message: str | None, log: Log) -> None:
    """Put a page with this message before an app, for new requests; None takes it away."""
    if message is not None and (not message.strip() or not message.isprintable()):
        raise PodshiftError("the message must be one line of text", hint="--message 'Back at 14:00'")
    if message is not None and len(message) > MESSAGE_CHARACTERS:
        raise PodshiftError(f"the message has {len(message)} characters, and {MESSAGE_CHARACTERS} are the most")
    refuse_by_alias(installation.app(name))
    ensure_proxy(installation, log)
    installation.records.set_maintenance(name, message)
    publish(installation)


def refuse_by_alias(app: App) -> None:
    if app.by_alias:
        raise PodshiftError(
            f"{app.name} is found by its network alias, not through podshift's proxy",
            hint="whoever leads requests to it says for which hosts, and with which pages",
        )


def publish(installation: Installation) -> None:
    """The files first: a proxy that starts meanwhile has the new state as well."""
    installation.write_proxy_files()
    synchronise_maps(installation)
