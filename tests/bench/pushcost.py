"""What `git push` costs beside a bare shell script that makes the same engine calls by hand."""

import os
import re
import shlex
import shutil
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.workshop import BenchError, Workshop
from server import Checkout
from server.checkout import AUTHOR
from server.installation import created, free_port

HOOK = Path(__file__).with_name("post-receive.bash")
LIVE = re.compile(r"takes all requests|is live")
TRIES, VANISHED = 5, "layer not known"
HAPROXY = """\
global
    stats socket ipv4@0.0.0.0:9999 level admin
defaults
    mode http
    timeout connect 3s
    timeout client 5m
    timeout server 10m
    timeout check 3s
frontend http
    bind :8080
    default_backend app
backend app
    option httpchk GET /healthz
"""


@dataclass(frozen=True)
class Pairs:
    """Seconds from the push's start to live, of pushes that came in turn."""

    other_apps: int
    podshift: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return statistics.median(ours / theirs for ours, theirs in zip(self.podshift, self.bare, strict=True))


@dataclass(frozen=True)
class PushCost:
    pairs: tuple[Pairs, ...]
    deployer_peak_mb: float


def measure(workshop: Workshop, pairs: int, others: Sequence[int]) -> PushCost:
    """Alternating pushes, with so many other apps installed; each of these is live and has a container."""
    measured: list[Pairs] = []
    bare = make_bare(workshop)
    checkout = workshop.checkout("push-cost")
    with ExitStack() as stack:
        app = stack.enter_context(created(workshop.server, name=f"{workshop.name}-push"))
        for repository in (app.repository, bare):  # the first push also fills the build cache
            timed_push(checkout, repository)
        done = 0
        for wanted in sorted(others):
            workshop.say(f"push cost: installing other apps, up to {wanted}")
            for number in range(done, wanted):
                other = stack.enter_context(created(workshop.server, name=f"{workshop.name}-other-{number}"))
                timed_push(checkout, other.repository)
            done = wanted
            measured.append(_alternate(workshop, checkout, (app.repository, bare), pairs, wanted))
        peak = deployer_peak(checkout, app.repository)
    return PushCost(tuple(measured), peak)


def _alternate(
    workshop: Workshop, checkout: Checkout, repositories: tuple[Path, Path], pairs: int, others: int
) -> Pairs:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        for which in (0, 1) if number % 2 else (1, 0):
            times[which].append(timed_push(checkout, repositories[which]))
    done = Pairs(others, tuple(times[0]), tuple(times[1]))
    workshop.say(
        f"push cost: {others} other apps: podshift {statistics.median(done.podshift):.2f} s, "
        f"bare script {statistics.median(done.bare):.2f} s, ratio {done.ratio:.2f}"
    )
    return done


def timed_push(checkout: Checkout, repository: Path) -> float:
    """Push a new commit with the same tree; seconds from the start to live. The push is waited for to its end.

    Once more when somebody else on this machine removed a cached layer just then; only podshift does that by itself.
    """
    for _ in range(TRIES - 1):
        try:
            return _timed_once(checkout, repository)
        except BenchError as error:
            if VANISHED not in str(error):
                raise
    return _timed_once(checkout, repository)


def _timed_once(checkout: Checkout, repository: Path) -> float:
    checkout.commit("The same again")
    began = time.monotonic()
    with _push(checkout, repository) as push:
        said, live = [], None
        for line in push.stdout or ():
            said.append(line)
            if live is None and LIVE.search(line):
                live = time.monotonic() - began
    if live is None or push.returncode:
        raise BenchError(f"a push failed:\n{''.join(said)}")
    return live


def _push(checkout: Checkout, repository: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["git", "push", "--force", str(repository), "main"], cwd=checkout.folder, env={**os.environ, **AUTHOR},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip


def make_bare(workshop: Workshop) -> Path:
    """A bare repository whose post-receive hook is the script, with an HAProxy and a network of its own."""
    name, control = f"{workshop.name}-bare", free_port()
    prefix = workshop.network(name)
    repository = workshop.folder / "bare.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
    shutil.copy(HOOK, repository / "hooks" / "post-receive")
    (repository / "hooks" / "post-receive").chmod(0o755)
    settings = {
        "name": name, "network": name, "prefix": prefix, "label": workshop.label, "control": str(control),
    }  # fmt: skip
    lines = [f"{key}={shlex.quote(value)}" for key, value in settings.items()]
    lines += [f"engine=({shlex.join(workshop.engine_command)})", f"run_options=({shlex.join(workshop.run_options)})"]
    (repository / "settings").write_text("\n".join(lines) + "\n")
    configuration = workshop.folder / "bare.cfg"
    configuration.write_text(HAPROXY)
    workshop.run(
        f"{name}-proxy", workshop.proxy_image, f"--network={name}", f"--publish=127.0.0.1:{control}:9999",
        f"--volume={configuration}:/haproxy.cfg:ro", "--user=0", "--entrypoint=haproxy", command=["-f", "/haproxy.cfg"],
    )  # fmt: skip
    _wait_for(control)
    return repository


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise BenchError(f"nothing listens on port {port}")


def deployer_peak(checkout: Checkout, repository: Path) -> float:
    """The peak resident memory, in MB, of the largest Python process that a push starts."""
    checkout.commit("For its memory")
    peak, done = 0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max([peak, *_hook_peaks(repository)])

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        with _push(checkout, repository) as push:
            push.communicate()
    finally:
        done.set()
        watcher.join()
    return peak / 1024


def _hook_peaks(repository: Path) -> Iterator[int]:
    """VmHWM, in KiB, of every process of podshift's that stands in this repository; it only grows."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cwd").readlink() != repository:
                continue
            if b"podshift" not in process.joinpath("cmdline").read_bytes():
                continue
            found = re.search(r"VmHWM:\s*(\d+)", process.joinpath("status").read_text())
        except OSError:
            continue  # it has ended meanwhile
        if found:
            yield int(found[1])
