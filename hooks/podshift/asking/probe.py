"""Asks one container, from inside its network namespace: is it ready, and whom does the alias lead to?

Started by the deployer as `python -I -m podshift.asking.probe PORT PATH HOST CONTENT ALIAS NAMESERVER`; the last three
may be empty. Says what has changed as a line of JSON, and ends when its standard input does: with the deployer.
"""

import http.client
import json
import select
import socket
import sys

POLL_SECONDS = 0.1
ANSWER_SECONDS = 3.0
LONGEST_ANSWER = 1_000_000  # bytes; what is looked for comes before that
# Failed checks in a row; more make no difference.
MANY = 3
# An address of documentation (RFC 5737): nothing is sent, but the kernel says from where it would be.
ELSEWHERE = ("192.0.2.1", 9)


def main(port: int, path: str, host: str, content: str, alias: str, nameserver: str) -> None:
    before, failures = None, 0
    while not select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
        check, code = ask(port, path, host, content.encode())
        failures = 0 if check == "L7OK" else min(failures + 1, MANY)
        seen = {"check": check, "code": code, "failures": failures, "named": named(alias, nameserver)}
        if seen != before:
            print(json.dumps(seen), flush=True)  # noqa: T201 - the deployer reads it
        before = seen


def ask(port: int, path: str, host: str, content: bytes) -> tuple[str, int | None]:
    """What came of one GET, in the words of HAProxy's checks, and the status."""
    connection = http.client.HTTPConnection(own_address(), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host, "User-Agent": "podshift-check", "Connection": "close"})
        answer = connection.getresponse()
        code, has_content = answer.status, content in answer.read(LONGEST_ANSWER if content else 0)
    except TimeoutError:
        return "L7TOUT", None
    except ConnectionRefusedError:
        return "L4CON", None
    except (OSError, http.client.HTTPException):
        return "L7RSP", None
    finally:
        connection.close()
    return ("L7OK" if code < 500 and has_content else "L7STS"), code


def own_address() -> str:
    """Not 127.0.0.1: an app that listens only there would not be found by others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ELSEWHERE)
        return str(probe.getsockname()[0])


def named(alias: str, nameserver: str) -> list[str]:
    """Every address that the alias leads to."""
    if not alias:
        return []
    from dns.exception import DNSException
    from dns.resolver import Resolver

    resolver = Resolver(configure=False)
    resolver.nameservers = [nameserver]
    try:
        return sorted(str(one) for one in resolver.resolve(alias, "A", lifetime=1.0, search=False))
    except (DNSException, OSError):
        return []


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:7])
