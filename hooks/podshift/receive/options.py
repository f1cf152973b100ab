"""Push options: what `git push -o …` may ask of podshift."""

from collections.abc import Iterable
from typing import NamedTuple

from podshift.deploy.release.options import ORDINARY, Options, read_canary, read_message
from podshift.errors import PodshiftError

GATE, NO_CACHE, SKIP, CANARY, MESSAGE = "gate", "no-cache", "skip", "canary", "message"
# How each is written; those with `=` need a value.
OPTIONS = {GATE: GATE, NO_CACHE: NO_CACHE, SKIP: SKIP, CANARY: "canary=PERCENT", MESSAGE: "message=TEXT"}
WITHOUT_DEPLOY = (GATE, NO_CACHE, CANARY)


class PushOptions(NamedTuple):
    """`skip`: the push is accepted and nothing is deployed; else `deploy` says how."""

    gate: bool = False
    skip: bool = False
    deploy: Options = ORDINARY


NO_OPTIONS = PushOptions()


def parse_options(words: Iterable[str]) -> PushOptions:
    """Raises PodshiftError for what is unknown, malformed, said twice, or in contradiction to something else."""
    pairs = [word.partition("=") for word in words]
    unknown = [name + equals + value for name, equals, value in pairs if name not in OPTIONS]
    if unknown:
        listed = ", ".join(ascii(word[:60]) for word in unknown)
        raise PodshiftError(f"unknown push option {listed}", hint=f"known: {', '.join(OPTIONS.values())}")
    given: dict[str, str] = {}
    for name, equals, value in pairs:
        _check_form(name, equals, value)
        if name in given:
            raise PodshiftError(f"the push option {name} is given twice", hint="say it once")
        given[name] = value
    _refuse_contradictions(given)
    return PushOptions(
        gate=GATE in given,
        skip=SKIP in given,
        deploy=Options(
            use_cache=NO_CACHE not in given,
            canary=read_canary(given[CANARY]) if CANARY in given else None,
            message=read_message(given[MESSAGE]) if MESSAGE in given else None,
        ),
    )


def _check_form(name: str, equals: str, value: str) -> None:
    if "=" in OPTIONS[name] and not value:
        raise PodshiftError(f"the push option {name} needs a value", hint=f"-o {OPTIONS[name]}")
    if equals and "=" not in OPTIONS[name]:
        raise PodshiftError(f"the push option {name} takes no value", hint=f"-o {name}")


def _refuse_contradictions(given: Iterable[str]) -> None:
    pointless = [name for name in given if name in WITHOUT_DEPLOY]
    if SKIP in given and pointless:
        raise PodshiftError(
            f"the push options skip and {pointless[0]} contradict each other: with skip nothing is deployed",
            hint="leave one of them out",
        )
