"""What a build is asked for, as a value; and its arguments, as far as they do not depend on the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from podshift.engine.secrets import hidden


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """`image` from `context`, whose `containerfile` is an absolute path; `target` None is the last stage.

    `healthcheck`: the Containerfile or its base has a HEALTHCHECK, which only docker's format of images can hold.
    `files` are mounted like secrets, by the id that a step names; they stay in no layer. `ignore_file` says what of the
    context is left out, where the context has no such file itself.
    `use_cache` False: every layer is made anew. A build that takes longer than `seconds` has failed; None: as the
    settings say. Its steps may use `memory` together ("2g"; empty: no limit), and mount the `secrets`, by name.
    Podman's steps are on `network`, and their caches in `temporary`; docker's daemon has its own ways.
    """

    image: str
    context: Path
    containerfile: Path
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    ignore_file: Path | None = None
    use_cache: bool = True
    seconds: float | None = None
    memory: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    network: str = ""
    temporary: Path | None = None
    healthcheck: bool = False

    def arguments(self, *, secrets: Sequence[str] = ()) -> list[str]:
        """What goes after `build`: every value is glued to its option, so that none can become one.

        `secrets` are the arguments from secret_files().
        """
        return [
            f"--tag={self.image}",
            f"--file={self.containerfile}",
            *([f"--target={self.target}"] if self.target else []),
            *(f"--build-arg={key}={value}" for key, value in self.args.items()),
            *(f"--label={key}={value}" for key, value in self.labels.items()),
            *(f"--secret=id={name},src={path}" for name, path in self.files.items()),
            *([f"--ignorefile={self.ignore_file}"] if self.ignore_file else []),
            *([] if self.use_cache else ["--no-cache"]),
            *([f"--memory={self.memory}", f"--memory-swap={self.memory}"] if self.memory else []),
            *secrets,
            "--",
            str(self.context),
        ]

    def shown(self, line: str) -> str:
        """A line of the build's output as people may see it."""
        return hidden(self.secrets, line)
