"""What the tests have to know of the engine that they run on: its words, and how it is asked."""

import json
import subprocess

from server.installation import PROGRAM, Server

__all__ = ["BUILT", "CACHED", "PROGRAM", "STEP", "engine", "subnet_of", "take_away"]

# In the output of a build: its first step, its end, and a step that was made before.
STEP, BUILT, CACHED = {
    "podman": ("STEP 1/", "Successfully tagged", "Using cache"),
    "docker": ("[1/", "naming to", "CACHED"),
}[PROGRAM]


def engine(*arguments: str) -> str:
    """Ask the engine where no installation has to be."""
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def take_away(server: Server, *containers: str) -> None:
    """As somebody does who knows nothing of podshift: at once."""
    server.engine("rm", "--force", *([] if PROGRAM == "docker" else ["--time=0"]), *containers)


def subnet_of(server: Server, network: str) -> str:
    (facts,) = json.loads(server.engine("network", "inspect", network))
    return str(facts["IPAM"]["Config"][0]["Subnet"] if PROGRAM == "docker" else facts["subnets"][0]["subnet"])
