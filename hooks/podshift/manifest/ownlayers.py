"""A Containerfile whose layers are found in the engine's cache only by who has the same secrets.

The cache knows a step by its text and by what came before it, and not by what a secret held. Where two apps' builds
begin with the same steps, the second would get what the first one made of its secret.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from itertools import pairwise

from podshift.manifest.instructions import read_instructions

MOUNTED = re.compile(r"secret", re.IGNORECASE)


def with_own_layers(text: str, app: str, secrets: Mapping[str, str]) -> str:
    """With an ARG after each FROM that nobody can write who does not know the secrets; as it is, if it mounts none.

    Engines count an ARG to what every further RUN of its stage depends on. Raises ValueError for a text that podshift
    cannot read.
    """
    if not MOUNTED.search(text):
        return text
    key = hashlib.sha256(json.dumps([app, *sorted(secrets.items())]).encode()).hexdigest()[:32]
    instructions = read_instructions(text)
    first = {after.line for one, after in pairwise(instructions) if one.word == "FROM"}
    lines = re.split(r"(?<=\n)", text)
    return "".join(
        f"ARG PODSHIFT_LAYERS={key}\n{line}" if number in first else line for number, line in enumerate(lines, start=1)
    )
