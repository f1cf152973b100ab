"""An app.json of Heroku's or Dokku's serves where podshift.toml and the Procfile say nothing."""

import json

import pytest

from podshift.errors import PodshiftError
from podshift.manifest import parse_manifest
from podshift.model import Manifest

PROCFILE = "web: serve\nworker: work\n"


def parsed(document: object, toml: str | None = None) -> Manifest:
    return parse_manifest(toml, PROCFILE, json.dumps(document))


def test_what_it_says_is_honoured() -> None:
    check = {"type": "startup", "path": "/up", "attempts": 4, "wait": 2, "timeout": 3, "content": "fine"}
    manifest = parsed({
        "name": "Somebody else's business",
        "formation": {"web": {"quantity": 2}, "worker": {"quantity": 0}, "nobody": {"quantity": 9}},
        "scripts": {"dokku": {"predeploy": "migrate", "postdeploy": "notify"}, "test": "x"},
        "healthchecks": {"web": [{"type": "liveness", "path": "/live"}, check]},
    })  # fmt: skip
    assert (manifest.web.replicas, manifest.processes["worker"].replicas) == (2, 0)
    assert list(manifest.processes) == ["web", "worker"]
    assert (manifest.before, manifest.after) == (("/bin/sh", "-c", "migrate"), ("/bin/sh", "-c", "notify"))
    ready = manifest.web.ready
    assert (ready.path, ready.status, ready.timeout, ready.content) == ("/up", ((200, 399),), 20, "fine")
    assert manifest.notes == ()


def test_podshift_toml_goes_before_it() -> None:
    toml = '[web]\nreplicas = 3\nready = { path = "/own" }\n'
    manifest = parsed({"formation": {"web": {"quantity": 2}}, "healthchecks": {"web": [{"type": "startup"}]}}, toml)
    assert (manifest.web.replicas, manifest.web.ready.path) == (3, "/own")


def test_what_is_not_honoured_is_said() -> None:
    checks = [
        {"type": "startup", "command": ["true"]},
        {"type": "startup", "path": "/up", "httpHeaders": []},
        {"type": "startup", "path": "/other"},
    ]
    manifest = parsed({"healthchecks": {"web": checks}})
    assert manifest.web.ready.path == "/up"
    assert manifest.notes == (
        "app.json: startup check 1 is not honoured; one that asks for a path is",
        'app.json: "httpHeaders" of a startup check is not honoured',
        "app.json: startup check 3 is not honoured; one that asks for a path is",
    )


FAULTS = [
    ("{", "app.json: line 1, column 2: expecting property name enclosed in double quotes"),
    ("[]", "app.json: must be a table, not an empty list"),
    ("[" * 100_000, "app.json: must not be larger than 64 KiB"),
    ("[" * 60_000, "app.json: is nested too deeply, or has a number with too many digits"),
    ('{"formation": 1}', "app.json formation: must be a table, not 1"),
    (
        '{"formation": {"web": {"quantity": 0}}}',
        'app.json formation."web".quantity: must be a whole number from 1 to 50',
    ),
    ('{"scripts": {"dokku": {"predeploy": 1}}}', "app.json scripts.dokku.predeploy: must be a command such as"),
    ('{"healthchecks": {"web": {}}}', "app.json healthchecks.web: must be a list"),
    (
        '{"healthchecks": {"web": [{"type": "startup", "path": "up; del server"}]}}',
        "app.json healthchecks.web.0: must be a path that starts with /",
    ),
]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_every_fault_has_its_place(text: str, said: str) -> None:
    with pytest.raises(PodshiftError) as caught:
        parse_manifest(None, None, text)
    (line,) = caught.value.details
    assert line.startswith(said), line
    assert "app.json has 1 error" in caught.value.message
