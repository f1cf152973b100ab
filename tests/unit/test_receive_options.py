"""Push options: what is understood, and what is refused with a word on how to say it."""

import pytest

from podshift.deploy.release.options import MOST_CHARACTERS, Options, check_process, read_canary, read_message
from podshift.errors import PodshiftError
from podshift.model import Order, Process
from podshift.receive.options import PushOptions, parse_options
from podshift.records import ALIAS
from server.switchboard import an_app

HELLO = an_app("hello")

UNDERSTOOD = [
    ([],                                    PushOptions()),
    (["gate"],                              PushOptions(gate=True)),
    (["skip"],                              PushOptions(skip=True)),
    (["skip", "message=for later"],         PushOptions(skip=True, deploy=Options(message="for later"))),
    (["no-cache"],                          PushOptions(deploy=Options(use_cache=False))),
    (["canary=1"],                          PushOptions(deploy=Options(canary=1))),
    (["canary=99%"],                        PushOptions(deploy=Options(canary=99))),
    (["message= a=b, «ü» "],                PushOptions(deploy=Options(message="a=b, «ü»"))),
    (["gate", "canary=10", "no-cache"],     PushOptions(gate=True, deploy=Options(use_cache=False, canary=10))),
]  # fmt: skip

REFUSED = [
    # what is given             what is said                                                    the hint
    (["speed"],                 "unknown push option 'speed'",                                  "canary=PERCENT"),
    (["gate", "a=b", "\x1b[2J"],  r"unknown push option 'a=b', '\x1b[2J'",                        "known: gate"),
    ([""],                      "unknown push option ''",                                       "known: gate"),
    (["canary"],                "the push option canary needs a value",                         "-o canary=PERCENT"),
    (["canary="],               "the push option canary needs a value",                         "-o canary=PERCENT"),
    (["canary=0"],              "canary must be a whole percentage from 1 to 99, not '0'",      "canary=10 gives"),
    (["canary=100"],            "canary must be a whole percentage from 1 to 99, not '100'",    "canary=10 gives"),
    (["canary=abc"],            "canary must be a whole percentage from 1 to 99, not 'abc'",    "canary=10 gives"),
    (["canary=-5"],             "canary must be a whole percentage from 1 to 99, not '-5'",     "canary=10 gives"),
    (["canary=2.5"],            "canary must be a whole percentage from 1 to 99, not '2.5'",    "canary=10 gives"),
    (["canary=10", "canary=20"],  "the push option canary is given twice",                        "say it once"),
    (["gate", "gate"],          "the push option gate is given twice",                          "say it once"),
    (["gate=yes"],              "the push option gate takes no value",                          "-o gate"),
    (["message"],               "the push option message needs a value",                        "-o message=TEXT"),
    (["message= "],             "the message is empty",                                         "leave it out"),
    (["message=a\nb"],          "the message must be one line of printable text",               r"a\nb"),
    (["message=\x1b[2Jb"],      "the message must be one line of printable text",               r"\x1b[2Jb"),
    (["message=\udcff"],        "the message must be one line of printable text",               r"\udcff"),
    (["message=\u202eb"],       "the message must be one line of printable text",               r"\u202eb"),
    (["message=" + "x" * 2000],  f"the message has 2,000 characters, and {MOST_CHARACTERS} are",  "the commit's"),
    (["gate", "skip"],          "skip and gate contradict each other",                          "leave one"),
    (["skip", "canary=10"],     "skip and canary contradict each other",                        "leave one"),
    (["no-cache", "skip"],      "skip and no-cache contradict each other",                      "leave one"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "meaning"), UNDERSTOOD)
def test_what_is_understood(words: list[str], meaning: PushOptions) -> None:
    assert parse_options(words) == meaning


@pytest.mark.parametrize(("words", "said", "hint"), REFUSED)
def test_what_is_refused(words: list[str], said: str, hint: str) -> None:
    with pytest.raises(PodshiftError) as caught:
        parse_options(words)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert all(line.isprintable() for line in caught.value.lines())


def test_a_message_and_a_percentage_of_a_command_are_read_alike() -> None:
    assert (read_canary("10%"), read_message(" Faster ")) == (10, "Faster")
    assert len(read_message("x" * MOST_CHARACTERS)) == MOST_CHARACTERS


def test_a_canary_needs_two_releases_at_once_and_a_time() -> None:
    check_process(Options(canary=10), HELLO, Process("web"))
    check_process(Options(), HELLO, Process("web", order=Order.STOP_FIRST, watch=0))
    with pytest.raises(PodshiftError, match="stop-first"):
        check_process(Options(canary=10), HELLO, Process("web", order=Order.STOP_FIRST))
    with pytest.raises(PodshiftError, match=r"watch, and that is \"0s\"") as caught:
        check_process(Options(canary=10), HELLO, Process("web", watch=0.0))
    assert 'watch = "30s"' in caught.value.hint
    with pytest.raises(PodshiftError, match="network alias alone"):
        check_process(Options(canary=10), HELLO._replace(proxy=ALIAS), Process("web"))
