"""What a run of the bench makes on this machine, and takes away again."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from podshift.engine import open_engine
from podshift.settings import Home, load_settings
from server import Checkout, Server
from server.installation import installed

APP = Path(__file__).parents[1] / "apps" / "bench"
DRAIN_SECONDS = 5
MANIFEST = f"""\
[web]
port = 8080
drain = "{DRAIN_SECONDS}s"
watch = "0s"
ready = {{ path = "/healthz" }}
"""


class BenchError(Exception):
    """The bench cannot go on; the message says what to do."""


class Workshop:
    """The engine, a throw-away installation, and names that nobody else uses."""

    def __init__(self, server: Server, folder: Path, began: float, *, abrupt: bool = False) -> None:
        self.server = server
        self.manner = " abrupt" if abrupt else ""
        self.folder = folder
        self.began = began
        self.name = f"bench-{secrets.token_hex(3)}"
        self.label = f"podshift.bench={self.name}"
        settings = load_settings(Home(server.home))
        self.engine_command = [settings.engine, *settings.engine_options]
        self.run_options = settings.run_options
        self.proxy_image = settings.proxy_image
        self.first_served = open_engine(settings).first_served
        self.tree = folder / "tree"
        self._make_tree()

    def _make_tree(self) -> None:
        """The app as it is pushed: its program already built, so that an image is two copied files."""
        self.tree.mkdir()
        shutil.copy(APP / "Containerfile", self.tree)
        (self.tree / "version.txt").write_text(self.version_text(0))
        compiler = ["gcc", "-O2", "-static", "-pthread", "-o", str(self.tree / "server"), str(APP / "server.c")]
        try:
            subprocess.run(compiler, check=True)
        except (OSError, subprocess.CalledProcessError):
            raise BenchError("the bench's app could not be compiled: apt-get install gcc libc6-dev") from None

    def version_text(self, number: int) -> str:
        """The app's version.txt: the version, and how it takes a SIGTERM."""
        return f"v{number}{self.manner}\n"

    def checkout(self, name: str) -> Checkout:
        """A git repository of the app, ready to be pushed."""
        checkout = Checkout(self.folder / name, self.tree)
        checkout.commit("As the bench wants it", podshift_toml=MANIFEST)
        return checkout

    def engine(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run([*self.engine_command, *arguments], capture_output=True, text=True, timeout=300)
        if check and done.returncode:
            raise BenchError(f"{' '.join(arguments[:2])} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def run(self, name: str, image: str, *options: str, command: Sequence[str] = ()) -> None:
        """A container that the bench takes away again; `--init` and the like as podshift's own have it."""
        self.engine(
            "run", *self.run_options, "--detach", "--security-opt=no-new-privileges", f"--name={name}",
            f"--label={self.label}", *options, image, *command,
        )  # fmt: skip

    def remove(self, *names: str, seconds: int = 10) -> None:
        self.engine("rm", "--force", "--ignore", f"--time={seconds}", *names)

    def network(self, name: str) -> str:
        """Create a network; the first three numbers of its subnet, such as 10.89.3."""
        self.engine("network", "create", f"--label={self.label}", name)
        (facts,) = json.loads(self.engine("network", "inspect", name))
        return str(facts["subnets"][0]["subnet"]).rsplit(".", 1)[0]

    def _build(self, image: str, context: Path) -> None:
        """podman fails when somebody removes an image while it looks for cached layers; then it is tried again."""
        arguments = ("build", f"--tag={image}", f"--label={self.label}", str(context))
        try:
            self.engine(*arguments)
        except BenchError as error:
            if "layer not known" not in str(error):
                raise
            self.engine(*arguments)

    def build_version(self, number: int) -> str:
        """The image of the app's version `number`; all but the version comes from the cache."""
        (self.tree / "version.txt").write_text(self.version_text(number))
        image = f"localhost/{self.name}:v{number}"
        self._build(image, self.tree)
        return image

    def build_program(self, name: str) -> None:
        """Make an image with nothing but a static program that came with a wheel."""
        program = Path(sysconfig.get_path("scripts")) / name
        if not program.exists():
            raise BenchError(f"{program} is missing: run bin/bench, which installs it")
        context = self.folder / name
        context.mkdir()
        os.link(program, context / name) if _same_disk(program, context) else shutil.copy(program, context)
        (context / "Containerfile").write_text(f'FROM scratch\nCOPY {name} /{name}\nENTRYPOINT ["/{name}"]\n')
        self._build(self.program_image(name), context)

    def program_image(self, name: str) -> str:
        return f"localhost/{self.name}-{name}"

    def pid(self, container: str) -> int:
        return int(self.engine("inspect", "--format={{.State.Pid}}", container))

    def logs(self, container: str) -> str:
        """The last lines of both of its streams."""
        done = subprocess.run(
            [*self.engine_command, "logs", "--tail=5", container], capture_output=True, text=True, timeout=60
        )
        return f"{done.stdout}{done.stderr}".strip()

    def say(self, text: str) -> None:
        """A line of progress for whoever waits."""
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        print(f"{minutes:02}:{seconds:02}  {text}", file=sys.stderr, flush=True)

    def clean(self) -> None:
        """Everything with this run's label."""
        chosen = f"--filter=label={self.label}"
        self.remove(*self.engine("ps", "--all", "--quiet", chosen).split(), self.name, seconds=0)
        for network in self.engine("network", "ls", "--quiet", chosen).split():
            self.engine("network", "rm", "--force", network)
        images = self.engine("images", "--quiet", "--all", chosen, check=False).split()  # another may remove some now
        if images:
            self.engine("rmi", "--force", *dict.fromkeys(images), check=False)


@contextmanager
def opened(*, abrupt: bool = False) -> Iterator[Workshop]:
    """A workshop; everything is taken away again, also after Ctrl-C and SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="podshift-bench-", ignore_cleanup_errors=True)))
        server = stack.enter_context(installed(folder / "home"))
        workshop = Workshop(server, folder, began, abrupt=abrupt)
        stack.callback(workshop.clean)
        yield workshop


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev
