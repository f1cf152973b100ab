"""How the machine's own package index gets into a build: as secret mounts, which stay in no layer."""

from collections.abc import Mapping

# Not where a base image has its own: buildah takes away what a mount was put over (seen with 1.28).
CERTIFICATES = "/run/secrets/certificates"
# The id of a secret → where a build step finds it.
PLACES = {
    "pip.conf": "/etc/pip.conf",
    "npmrc": "/root/.npmrc",
    "go.env": "/root/.config/go/env",
    "bundle": "/root/.bundle/config",
    "certificates": CERTIFICATES,
}
TOOLS = {"pip": "pip.conf", "npm": "npmrc", "go": "go.env", "bundle": "bundle"}


def index_words(*, host: bool) -> Mapping[str, str]:
    """For each tool what stands between RUN and its command, and `environment`; all empty without the host's index."""
    if not host:
        return dict.fromkeys((*TOOLS, "environment"), "")
    words = {tool: f"{_mount(secret)} {_mount('certificates')} " for tool, secret in TOOLS.items()}
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {**words, "environment": " ".join(["ENV", *(f"{name}={CERTIFICATES}" for name in names)])}


def _mount(secret: str) -> str:
    return f"--mount=type=secret,id={secret},target={PLACES[secret]}"
