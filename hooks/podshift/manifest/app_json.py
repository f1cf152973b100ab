"""`app.json`, as Heroku and Dokku read it: how many containers, commands around a deploy, startup checks.

https://dokku.com/docs/appendices/file-formats/app-json/ names the keys. What podshift does not know of it is somebody
else's; what it knows must be right.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from podshift.manifest.shown import shown
from podshift.manifest.tables import Faults, as_table
from podshift.manifest.values import command, number, one_line, url_path, whole_number

FILE = "app.json"
# Of a startup check: its defaults there, in seconds where it is a time.
ATTEMPTS, WAIT, TIMEOUT = 3, 5, 5
LONGEST_CHECK = 3600
HONOURED = ("type", "name", "path", "attempts", "wait", "timeout", "initialDelay", "content")
# What makes a check another than one of a path.
ELSEWISE = {"command", "listening", "uptime"}


class AppJson(NamedTuple):
    """`replicas` by process; `ready` as podshift.toml has it; `notes` say what is not honoured."""

    replicas: Mapping[str, int] = MappingProxyType({})
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    ready: Mapping[str, Any] = MappingProxyType({})
    notes: tuple[str, ...] = ()


def read_app_json(text: str, faults: Faults) -> AppJson:
    """What an app.json says; every fault goes to `faults`, with the keys that lead to it."""
    document: Mapping[str, Any] = {}
    with faults.kept(FILE):
        document = as_table(_parsed(text)) if text.strip() else {}
    scripts = _table(_table(document, "scripts", faults), "dokku", faults, "scripts")
    return AppJson(
        _replicas(_table(document, "formation", faults), faults),
        _script(scripts, "predeploy", faults),
        _script(scripts, "postdeploy", faults),
        *_checks(_table(document, "healthchecks", faults).get("web", []), faults),
    )


def add_app_json(document: dict[str, Any], found: AppJson) -> dict[str, Any]:
    """The document of podshift.toml, and the Procfile, with what they do not say."""
    web, others = document.setdefault("web", {}), document.get("process", {})
    if isinstance(web, dict) and found.ready:
        web.setdefault("ready", dict(found.ready))
    for name, replicas in found.replicas.items():
        process = web if name == "web" else others.get(name) if isinstance(others, dict) else None
        if isinstance(process, dict):
            process.setdefault("replicas", replicas)
    return document


def _parsed(text: str) -> object:
    import json  # most apps have no such file

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg.lower()}") from None
    except (RecursionError, ValueError):  # also a number with more digits than Python takes
        raise ValueError("is nested too deeply, or has a number with too many digits") from None


def _table(above: Mapping[str, Any], key: str, faults: Faults, *path: str) -> Mapping[str, Any]:
    with faults.kept(f"{FILE} {'.'.join((*path, key))}"):
        return as_table(above.get(key) or {})
    return {}


def _replicas(formation: Mapping[str, Any], faults: Faults) -> dict[str, int]:
    found = {}
    for name, process in formation.items():
        with faults.kept(f"{FILE} formation", shown(name), "quantity"):
            quantity = as_table(process).get("quantity")
            if quantity is not None:
                found[name] = whole_number(1 if name == "web" else 0, 50)(quantity)
    return found


def _script(scripts: Mapping[str, Any], name: str, faults: Faults) -> tuple[str, ...]:
    with faults.kept(f"{FILE} scripts.dokku.{name}"):
        return command(scripts[name]) if scripts.get(name) else ()
    return ()


def _checks(checks: object, faults: Faults) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The first startup check that asks for something, and what of the others, and of itself, is not honoured."""
    ready: dict[str, Any] = {}
    notes = []
    with faults.kept(f"{FILE} healthchecks.web"):
        if not isinstance(checks, list):
            raise ValueError(f"must be a list, not {shown(checks)}")
        for place, check in enumerate(checks):
            if as_table(check).get("type") == "startup":
                with faults.kept(f"{FILE} healthchecks.web", str(place)):
                    surplus = [key for key in check if key not in HONOURED]
                    if ready or not ELSEWISE.isdisjoint(check):
                        notes.append(f"{FILE}: startup check {place + 1} is not honoured; one that asks for a path is")
                    else:
                        ready = _startup(check)
                        notes += [f"{FILE}: {shown(key)} of a startup check is not honoured" for key in surplus]
    return ready, tuple(notes)


def _startup(check: Mapping[str, Any]) -> dict[str, Any]:
    """As podshift.toml's `ready`: it may take as long as all its attempts together."""
    count = whole_number(1, 100)(check.get("attempts", ATTEMPTS))
    wait, timeout, delay = (
        number(0, LONGEST_CHECK)(check.get(key, default))
        for key, default in (("wait", WAIT), ("timeout", TIMEOUT), ("initialDelay", 0))
    )
    ready: dict[str, Any] = {
        "path": url_path(check.get("path", "/")),
        "status": "200-399",
        "timeout": min(LONGEST_CHECK, delay + count * (wait + timeout)),
    }
    if check.get("content"):
        ready["content"] = one_line(check["content"])
    return ready
