"""The command line: `podshift COMMAND`. The only place that prints to an operator and picks exit codes."""

import os
import sys
from collections.abc import Callable

import click

from podshift.cli.command import Group, fail
from podshift.errors import PodshiftError, no_room

GROUP = Group(
    name="podshift",
    help="git push production main: build an image, rotate the containers, lose not one request.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    sys.exit(exit_code(lambda: GROUP.main(standalone_mode=False)))


def exit_code(work: Callable[[], object]) -> int:
    """Do it: 0 done, 1 it could not be done, 2 usage, 3 a bug, 130 interrupted; what went wrong was said."""
    try:
        code = work()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = 130
    except PodshiftError as error:
        fail(error)
        code = 1
    except BrokenPipeError:  # nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    except Exception as error:
        if known := no_room(error):
            fail(known)
            return 1
        from podshift.deploy.release.background import as_bug
        from podshift.settings import Home

        fail(as_bug(Home.from_environment(), error))
        code = 3
    return code if isinstance(code, int) else 0
