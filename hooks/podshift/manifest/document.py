"""The contract of `podshift.toml`: every table, its keys, and what each value may be."""

from collections.abc import Mapping
from typing import Any

from podshift.manifest.paths import app_names, argument_name, file_inside, folder_around, process_name, volumes
from podshift.manifest.tables import Parser, mapping, table
from podshift.manifest.values import (
    command,
    duration,
    longer_than_nothing,
    memory,
    number,
    one_line,
    order,
    share,
    stage,
    status,
    url_path,
    whole_number,
)
from podshift.model import Build, Manifest, Process, Readiness

BUILD: dict[str, Parser] = {
    "containerfile": file_inside,
    "context": folder_around,
    "target": stage,
    "args": mapping(argument_name, one_line),
    "timeout": longer_than_nothing,
}

EVERY_PROCESS: dict[str, Parser] = {
    "command": command,
    "order": order,
    "stop": duration,
    "memory": memory,
    "cpus": number(0.01, 1024),  # the kernel's smallest share of a processor is a hundredth
    "volumes": volumes,
}

READY: dict[str, Parser] = {"path": url_path, "status": status, "timeout": duration, "content": one_line}

WEB: dict[str, Parser] = EVERY_PROCESS | {
    "port": whole_number(1, 65535),
    "replicas": whole_number(1, 50),
    "drain": duration,
    "ready": table(READY, Readiness),
    "watch": duration,
    "max_errors": share,
    "hold": duration,
}

OTHER: dict[str, Parser] = EVERY_PROCESS | {
    "replicas": whole_number(0, 50),
    "ready": table(
        {"timeout": duration},
        Readiness,
        elsewhere=dict.fromkeys(("path", "status", "content"), "only [web] is asked over HTTP; here timeout is all"),
    ),
}

PROCESS = table(
    OTHER,
    required={"command": "is missing; say here or in a Procfile what to run"},
    elsewhere={key: f'unknown key; only [web] has "{key}"' for key in WEB.keys() - OTHER.keys()},
)


def make_manifest(
    build: Build | None = None,
    release: Mapping[str, Any] | None = None,
    web: Mapping[str, Any] | None = None,
    process: Mapping[str, Mapping[str, Any]] | None = None,
    links: tuple[str, ...] = (),
) -> Manifest:
    kinds = {"web": web or {}, **(process or {})}
    return Manifest(
        build=build or Build(),
        release_command=(release or {}).get("command", ()),
        processes={name: Process(name, **values) for name, values in kinds.items()},
        links=links,
    )


DOCUMENT = table(
    {
        "build": table(BUILD, Build),
        "release": table({"command": command}),
        "web": table(WEB),
        "process": mapping(process_name, PROCESS),
        "links": app_names,
    },
    make_manifest,
    elsewhere={
        **{key: f'unknown key; did you mean "web.{key}"?' for key in WEB},
        **{key: f'unknown key; did you mean "build.{key}"?' for key in BUILD},
    },
)


def read_document(document: dict[str, Any]) -> Manifest:
    """The manifest of a parsed podshift.toml; Faults with all that is wrong."""
    manifest: Manifest = DOCUMENT(document)
    return manifest
