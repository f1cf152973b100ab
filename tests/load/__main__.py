"""`python -m load URL`: until its time is up or Ctrl-C. The exit status is 0 when nothing was lost."""

import argparse
import json
import signal
import threading
from pathlib import Path

from load.run import Load


def main() -> int:
    options = parse()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    load = Load(
        options.url,
        host=options.host,
        clients=options.clients,
        slow_clients=options.slow,
        pause=options.pause / 1000,
        timeout=options.timeout,
        authority=options.authority,
    )
    with load:
        stop.wait(options.seconds)
    print(json.dumps(load.result.to_json()) if options.json else load.result, flush=True)
    return 0 if load.result.requests and not load.result.failed else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="load", description="Clients that never retry, and a strict count.")
    add = parser.add_argument
    add("url", help="http://ADDRESS:PORT[/PATH], or https://")
    add("--host", help="the Host header")
    add("--authority", type=Path, metavar="FILE", help="what the certificate of https:// is trusted by")
    add("--clients", type=int, default=20, metavar="N", help="GET and POST in turn; default 20")
    add("--slow", type=int, default=0, metavar="N", help="clients of a 2-second request; default 0")
    add("--pause", type=float, default=5, metavar="MS", help="of a client between two requests; default 5")
    add("--timeout", type=float, default=15, metavar="S", help="then a request is lost; default 15")
    add("--seconds", type=float, metavar="S", help="how long; default: until Ctrl-C")
    add("--json", action="store_true", help="the whole result")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
