"""A docker daemon for the tests alone: its own folders, its own network namespace, and gone afterwards.

In a namespace of its own it cannot meet the machine's docker, podman or firewall, nor they it. Whoever asks it for a
published port has to be in there too: so is the thread that the tests run in, and all that it starts.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from server.installation import wait_until

# Where bin/setup puts Debian's docker on a machine that has none installed: the programs, and no service.
UNPACKED = Path("/var/cache/podshift/docker")
BASE_IMAGE = "localhost/podshift-python:latest"
NEW_NETWORK = 0x40000000  # CLONE_NEWNET of sched.h
SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl.h
GET_FLAGS, SET_FLAGS, IS_UP = 0x8913, 0x8914, 1  # of an interface: netdevice(7)
# The network that the tests come from, as a descriptor; and what leads there out of docker's own.
OUTSIDE: list[int] = []
WAYS_OUT: list[subprocess.Popen[bytes]] = []
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Daemon:
    """dockerd, with everything of its own below `folder`."""

    folder: Path

    @property
    def host(self) -> str:
        return f"unix://{self.folder}/docker.sock"

    def docker(self, *arguments: str) -> str:
        command = ["docker", f"--host={self.host}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> subprocess.Popen[bytes]:
        (self.folder / "daemon.json").write_text("{}")
        command = [
            # Its mounts go with it; what tests mount, it sees.
            "unshare", "--mount", "--propagation=slave",
            "dockerd", f"--config-file={self.folder}/daemon.json", f"--host={self.host}",
            f"--data-root={self.folder}/data", f"--exec-root={self.folder}/run", f"--pidfile={self.folder}/pid",
            "--exec-opt=native.cgroupdriver=cgroupfs", "--shutdown-timeout=5", "--log-level=warn",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with)
        wait_until(
            lambda: process.poll() is not None or self._answers(), seconds=60, what=f"dockerd; see {self.folder}/log"
        )
        assert process.poll() is None, (self.folder / "log").read_text()[-2000:]
        return process

    def _answers(self) -> bool:
        return subprocess.run(["docker", f"--host={self.host}", "version"], capture_output=True).returncode == 0


class Docker:
    """A daemon that runs, and can be started anew."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.start()

    def start(self) -> None:
        self.process = self.daemon.start()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def docker_running() -> Iterator[Docker]:
    """A daemon with the test apps' base image, to which DOCKER_HOST leads, also for what podshift starts."""
    before = dict(os.environ)
    folder = Path(mkdtemp(prefix="podshift-docker-"))  # a socket's path may have 107 characters, no more
    if UNPACKED.is_dir():
        os.environ["PATH"] = f"{UNPACKED}:{os.environ['PATH']}"
    assert shutil.which("dockerd"), "there is no dockerd; bin/setup as root gets it"
    try:
        with _own_network():
            docker = Docker(Daemon(folder))
            try:
                os.environ["DOCKER_HOST"] = docker.daemon.host
                load_from_podman(["docker"], BASE_IMAGE)
                yield docker
            finally:
                docker.end()
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(folder, ignore_errors=True)


def load_from_podman(docker: Sequence[str], image: str) -> None:
    """Give docker an image that root's podman has. `docker`: the command line up to its verb."""
    with subprocess.Popen(["podman", "save", image], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as saved:
        subprocess.run([*docker, "load", "--quiet"], stdin=saved.stdout, check=True, capture_output=True, timeout=300)
    assert saved.returncode == 0


def let_out() -> None:
    """Give the network of this thread, and so the daemon's builds, a way to where this machine's processes get.

    It goes with this network. Most tests are better off without one.
    """
    if WAYS_OUT:
        return
    network = f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
    ready, told = os.pipe()
    command = ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", f"--ready-fd={told}"]
    process = subprocess.Popen(
        [*command, "--netns-type=path", network, "tap0"], pass_fds=[told], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_outside,
    )  # fmt: skip
    WAYS_OUT.append(process)
    os.close(told)
    with os.fdopen(ready, "rb") as answer:
        assert answer.read(1) == b"1", "slirp4netns does not start"


@contextmanager
def _own_network() -> Iterator[None]:
    """This thread, and what it starts, in a new network namespace with nothing but a loopback interface."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _checked(LIBC.unshare(NEW_NETWORK))
        OUTSIDE.append(before)
        try:
            _bring_up("lo")
            yield
        finally:
            OUTSIDE.remove(before)
            while WAYS_OUT:
                WAYS_OUT[-1].kill()
                WAYS_OUT.pop().wait()
            _checked(LIBC.setns(before, NEW_NETWORK))
    finally:
        os.close(before)


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", interface.encode(), 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, GET_FLAGS, request))
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", interface.encode(), flags | IS_UP))


def _die_with() -> None:
    """When whoever runs the tests is killed, the daemon gets a SIGTERM."""
    LIBC.prctl(SET_DEATH_SIGNAL, signal.SIGTERM)


def _outside() -> None:
    _die_with()
    _checked(LIBC.setns(OUTSIDE[-1], NEW_NETWORK))


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
