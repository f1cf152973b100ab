"""Templates become text, and run arguments: the only importer of Jinja2."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podshift.errors import PodshiftError
from podshift.settings import shipped

if TYPE_CHECKING:
    from jinja2 import Environment, Template

    from podshift.recognise import Recognised


def render_template(name: str, folders: Sequence[Path], **values: Any) -> str:
    """The first template called `name` in `folders`, else the one that podshift ships.

    Raises PodshiftError with file and line for whatever is wrong with an operator's template.
    """
    import jinja2  # when something is to be rendered: most hooks and commands do without

    try:
        return _template(name, folders).render(**values)
    except jinja2.TemplateSyntaxError as error:
        raise _template_error(error.filename or name, error.lineno, error.message or "syntax error", values) from None
    except Exception as error:  # a template can raise anything: it is a program of the operator's
        raise _template_error(*_where(error, name), f"{type(error).__name__}: {error}", values) from None


def _template(name: str, folders: Sequence[Path]) -> "Template":
    places = (*folders, shipped("templates"))
    found = next((folder for folder in places if (folder / name).is_file()), None)
    return _environment(places, found).get_template(name)


@cache
def _environment(folders: tuple[Path, ...], _found: Path | None) -> "Environment":
    """One for each folder in which a template was found: Jinja2 sees that a file has changed, but no new one."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        finalize=_single_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - not HTML; finalize keeps a value inside its line
    )


def render_containerfile(
    found: "Recognised", base_images: Mapping[str, str], folders: Sequence[Path] = (), *, host_index: bool = False
) -> str:
    """The Containerfile of an app that brings none. `base_images` may have `{version}` in them."""
    from podshift.recognise.index import index_words  # most apps bring a Containerfile

    text = render_template(
        f"containerfile/{found.kind}.j2",
        folders,
        base={name: image.replace("{version}", found.version.number) for name, image in base_images.items()},
        command=found.command_array,
        index=index_words(host=host_index),
        **found.values,
    )
    return re.sub(r"\n{2,}(?!FROM)", "\n", text.lstrip("\n"))  # a line that is empty for want of an index


def compile_template(name: str, folders: Sequence[Path]) -> None:
    """What render_template() would do first, in advance: for whoever has nothing better to do just now.

    What is wrong with the template is left for render_template() to say.
    """
    with suppress(Exception):
        _template(name, folders)


def run_policy(folders: Sequence[Path], **values: Any) -> list[str]:
    """The arguments that the template gives for `run`, one a line. Only options: image and command come from code."""
    # not splitlines(): it also breaks at characters that _single_line() lets through, such as U+2028
    lines = [line.strip(" \t\r") for line in render_template("run.args.j2", folders, **values).split("\n")]
    arguments = [line for line in lines if line and not line.startswith("#")]
    for argument in arguments:
        if not re.match("--?[^-]", argument):  # `--` alone would end the options, and what follows be the image
            raise PodshiftError(
                f"run.args.j2 gives {argument!r}, which is no option",
                hint="one argument a line, with its value after =: --memory=512m",
            )
    return arguments


def container_arguments(
    *, name: str, labels: Mapping[str, str], network: Sequence[str], variables: Iterable[str],
    policy: Sequence[str], image: str, command: Sequence[str], mode: Sequence[str] = ("--detach",),
) -> list[str]:  # fmt: skip
    """Everything after `run` for one container: policy from the template, identity from here.

    Identity comes last, so that a template cannot rename or relabel a container. `variables` are names; their
    values travel in the engine's environment, since arguments can be read by everybody on the machine. `mode` is how
    the engine attends to it: detached, or in front and removed afterwards.
    """
    arguments = [*policy, f"--name={name}", *network]
    arguments += [f"--label={key}={value}" for key, value in labels.items()]
    arguments += [f"--env={variable}" for variable in variables]
    return [*mode, *arguments, image, *command]


def _single_line(value: Any) -> Any:
    if value is None:
        raise ValueError("a value is None")
    if isinstance(value, str) and any(character in value for character in "\r\n\0"):
        raise ValueError("a value has a line break or NUL in it")
    return value


def _where(error: Exception, name: str) -> tuple[str, int]:
    """The innermost line of a template in the traceback; Jinja2 rewrites it to the template's own lines."""
    place, traceback = (name, 0), error.__traceback__
    while traceback:
        filename = traceback.tb_frame.f_code.co_filename
        if filename.endswith(".j2"):
            place = (filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return place


def _template_error(filename: str, line: int, reason: str, values: Mapping[str, Any]) -> PodshiftError:
    hint = "mend it; without a template of your own podshift's is used"
    if app := values.get("app"):
        hint = f"{hint}. podshift render {app} shows the result"
    return PodshiftError(f"{filename}, line {line}: {reason}", hint=hint)
