"""A Git LFS server on loopback: the batch API and the objects, as much as a download needs."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEDIA = "application/vnd.git-lfs+json"
TOKEN = "Basic YWRhOnNlY3JldA=="  # ada:secret


@dataclass
class LFS:
    """`objects` by their hash; `asked` has every path in order. `wants` is the authorization that it insists on.

    `says` is what it answers to every question in place of what is right; `OID` in it stands for what is asked for.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    wants: str = ""
    href: str = ""
    says: str = ""
    url: str = ""

    @property
    def origin(self) -> str:
        return f"{self.url}/team/shop.git"

    def authenticate(self) -> str:
        """The program git-lfs-authenticate of a machine that has these files; it gives the token that is wanted."""
        told = json.dumps({"href": f"{self.origin}/info/lfs", "header": {"Authorization": TOKEN}, "expires_in": 60})
        return f"""case "$2" in download) echo '{told}' ;; *) echo "not $2 of $1" >&2; exit 1 ;; esac\n"""

    def put(self, content: bytes) -> str:
        """The pointer that a commit has in place of this file."""
        oid = sha256(content).hexdigest()
        self.objects[oid] = content
        return pointer(oid, len(content))

    def answer(self, oid: str, size: int) -> dict[str, object]:
        if oid not in self.objects:
            return {"oid": oid, "size": size, "error": {"code": 404, "message": "Object does not \x1b[2J exist"}}
        href = self.href or f"{self.url}/objects/{oid}"
        return {"oid": oid, "size": size, "actions": {"download": {"href": href, "header": {"X-Token": "right"}}}}


def pointer(oid: str, size: int) -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


@contextmanager
def lfs_server() -> Iterator[LFS]:
    lfs = LFS()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            lfs.asked.append(self.path)
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if lfs.wants and self.headers["Authorization"] != lfs.wants:
                return self.say(401, b"{}")
            right = self.path == "/team/shop.git/info/lfs/objects/batch" and asked["operation"] == "download"
            if not right or self.headers["Accept"].partition(";")[0] != MEDIA:
                return self.say(404, b"{}")
            if lfs.says:
                return self.say(200, lfs.says.replace("OID", asked["objects"][0]["oid"]).encode())
            return self.say(200, json.dumps({"objects": [lfs.answer(**one) for one in asked["objects"]]}).encode())

        def do_GET(self) -> None:
            lfs.asked.append(self.path)
            content = lfs.objects.get(self.path.rpartition("/")[2])
            if content is None or self.headers["X-Token"] != "right" or self.headers["Authorization"]:
                return self.say(404, b"no")
            return self.say(200, content)

        def say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", MEDIA if self.command == "POST" else "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        lfs.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield lfs
        finally:
            server.shutdown()
            thread.join()
