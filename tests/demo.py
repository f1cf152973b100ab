"""`bin/demo`: two pushes, the second one under load, in a throw-away installation. All of it is real."""

import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from load import Load, Result
from load.result import in_ms
from server import App, Checkout, Server
from server.checkout import AUTHOR
from server.docker import docker_running
from server.installation import PODSHIFT, created, free_port
from server.own_proxy import KINDS, own_proxy

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
CLIENTS, SLOW_CLIENTS = 20, 4
# Of the old version before the push, and of the new one after it.
SECONDS_EACH = 2.0
BOLD, GREEN, RED, DIM = "1", "32", "31", "2"


def main(arguments: Sequence[str]) -> int:
    if arguments not in ([], ["--alias"]):
        print("usage: bin/demo [--alias]", file=sys.stderr)
        return 2
    for number in SIGNALS:
        signal.signal(number, interrupted)
    return through_aliases() if arguments else through_the_proxy()


def through_the_proxy() -> int:
    began = time.monotonic()
    with TemporaryDirectory(prefix="podshift-demo-") as folder, installation(Path(folder) / "home") as server:
        heading("An app on a server of its own")
        name = f"demo-{secrets.token_hex(2)}"
        run(["podshift", "create", name], server.environment)
        repository = server.home / "repositories" / f"{name}.git"
        app = App(server, name, repository, str(repository))
        result = two_pushes(app, Checkout(Path(folder) / "checkout"))
    return verdict(result, time.monotonic() - began)


def through_aliases() -> int:
    """A GET every 10 ms, given up after 0.2 s, on every engine that is here, through every kind of proxy."""
    lost = on_engine("podman")
    if os.geteuid() == 0:
        with docker_running():
            lost += on_engine("docker")
    return 1 if lost else 0


def on_engine(engine: str) -> int:
    lost = 0
    with (
        TemporaryDirectory(prefix="podshift-demo-") as folder,
        installation(Path(folder) / "home", "--engine", engine, "--listen", "none") as server,
    ):
        for kind in KINDS:
            heading(f"{engine}, found by its name through {kind}")
            with created(server, "--proxy", "alias") as app:
                lost += pushed_by_alias(app, Checkout(Path(folder) / kind), kind)
    return lost


def pushed_by_alias(app: App, checkout: Checkout, kind: str) -> int:
    """How many requests failed, and one more where not both versions answered."""
    checkout.push(app)
    checkout.version("v2")
    with (
        own_proxy(app, kind) as port,
        Load(f"http://127.0.0.1:{port}", clients=1, pause=0.01, timeout=0.2, methods=("GET",)) as load,
    ):
        load.wait_for(lambda tally: tally.now() > SECONDS_EACH)
        git(checkout, "push", str(app.repository), "main")
        load.wait_for(lambda tally: "v2" in tally.versions)
    result = load.result
    for failure in result.failures[:5]:
        say(RED, f"lost: {failure}")
    both = ", ".join(f"{seen.answers:,} from {version}" for version, seen in result.versions.items())
    good = not result.failed and len(result.versions) > 1
    say(GREEN if good else RED, f"{result.requests:,} requests, {both}: {result.failed:,} failed")
    return result.failed + (len(result.versions) < 2)


def interrupted(*_: object) -> None:
    """Clean up, and let nothing interrupt that."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    say(DIM, "\ninterrupted; cleaning up")
    sys.exit(INTERRUPTED)


@contextmanager
def installation(home: Path, *options: str) -> Iterator[Server]:
    """Where nothing else is, on a port of loopback that is free; gone afterwards, whatever happens."""
    server = Server(home, free_port())
    try:
        heading("A server")
        listen = [] if "--listen" in options else ["--listen", f"127.0.0.1:{server.port}"]
        run(["podshift", "init", *listen, *options], server.environment)
        yield server
    finally:
        if (home / "settings.toml").exists():
            server.podshift("uninstall", "--yes")


def two_pushes(app: App, checkout: Checkout) -> Result:
    heading("The first push")
    checkout.commit("Say hello", version_txt="hello\n")
    git(checkout, "remote", "add", "production", app.remote)
    git(checkout, "push", "production", "main")

    heading("A second push, under load")
    say(DIM, f"{CLIENTS} clients GET and POST and never retry; {SLOW_CLIENTS} more ask for what takes 2 seconds")
    checkout.commit("Say it better", version_txt="better\n")
    with Load(app.server.url, host=app.host, clients=CLIENTS, slow_clients=SLOW_CLIENTS) as load:
        load.wait_for(lambda tally: "hello" in tally.versions and tally.now() > SECONDS_EACH)
        git(checkout, "push", "production", "main")
        load.wait_for(lambda tally: "better" in tally.versions)
        pushed = load.tally.now()
        load.wait_for(lambda tally: tally.now() > pushed + SECONDS_EACH)
    return load.result


def git(checkout: Checkout, *arguments: str) -> None:
    run(["git", *arguments], {**os.environ, **AUTHOR}, checkout.folder)


def run(command: list[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
    """Show a command as a person types it, and what it says. Exits when it fails."""
    say(BOLD, f"$ {shlex.join(command)}")
    program = [str(PODSHIFT), *command[1:]] if command[0] == "podshift" else command
    # In a session of its own, and waited for in any case: what is cut off in the middle is hard to clean up.
    process = subprocess.Popen(
        program, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        process.wait()
    finally:
        code = process.wait()
    if code:
        sys.exit(code)


def verdict(result: Result, seconds: float) -> int:
    heading("What the clients counted")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(result.by_method.items()))
    print(f"{result.requests:,} requests: {kinds}")
    print(f"median {in_ms(result.p50)}, 99 % within {in_ms(result.p99)}, longest {in_ms(result.longest)}")
    for version, seen in result.versions.items():
        print(f"{version}: {seen.answers:,} answers, {seen.first:.2f} to {seen.last:.2f} s")
    for failure in result.failures[:5]:
        say(RED, f"lost: {failure}")
    good = result.requests > 0 and result.failed == 0
    say(GREEN if good else RED, f"{result.failed:,} failed")
    say(DIM, f"\nall of it is cleaned up; {seconds:.0f} s")
    return 0 if good else 1


def heading(text: str) -> None:
    say(BOLD, f"\n── {text} ".ljust(79, "─"))


def say(style: str, text: str) -> None:
    print(f"\033[{style}m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
