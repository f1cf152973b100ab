"""Shell lines: how to get the signals of the engine to the program that a line starts."""

import re

SHELL = ("/bin/sh", "-c")
SIMPLE = re.compile(r"[A-Za-z0-9_./@%+,:=~${}'\" -]+")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
# They are no programs: exec would not find them.
BUILTINS = {"exec", "cd", "export", "set", "if", "for", "while", "case", "until", "exit", "eval", "trap", "wait", "."}


def shell(line: str) -> tuple[str, ...]:
    """The line as a command; the program takes the shell's place where that changes nothing else.

    A shell that stays in front of it is the one that gets SIGTERM, and keeps it to itself.
    """
    return (*SHELL, with_exec(line))


def with_exec(line: str) -> str:
    """`exec` before the last program of the line, when the line is programs with `&&` between."""
    *before, last = line.strip().split("&&")
    words = last.split()
    if before and any(quote in line for quote in "'\""):
        return line  # a && may be inside them
    if not words or words[0] in BUILTINS or not SIMPLE.fullmatch(last):
        return line
    env = "env " if ASSIGNMENT.match(words[0]) else ""
    return "&&".join([*before, f"{' ' if before else ''}exec {env}{last.strip()}"])
