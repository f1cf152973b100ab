"""What serves a Python app: found in the texts of the files where people put it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from podshift.recognise.shell import shell
from podshift.recognise.tree import Tree

FILES = ("wsgi.py", "asgi.py", "app.py", "main.py", "application.py", "server.py")
NAME = "[A-Za-z_][A-Za-z0-9_]{0,60}"
CALL = rf"^(?P<name>{NAME})\s*(?::[^=\n]+)?=\s*(?:[A-Za-z_][\w.]*\.)?"
ASGI = re.compile(CALL + r"(?:FastAPI|Starlette|Litestar|Quart|Sanic|BlackSheep|get_asgi_application)\(", re.MULTILINE)
WSGI = re.compile(CALL + r"(?:Flask|Bottle|Falcon|Pyramid|get_wsgi_application|make_wsgi_app)\(", re.MULTILINE)
ASGI_FUNCTION = re.compile(r"^async def (?P<name>app|application)\(", re.MULTILINE)
WSGI_FUNCTION = re.compile(r"^def (?P<name>app|application)\(\s*env", re.MULTILINE)
DASH = re.compile(r"^(?P<name>server)\s*=\s*app\.server\b", re.MULTILINE)
FACTORY = re.compile(r"^def (?P<name>create_app|make_app)\(", re.MULTILINE)
PLAIN = re.compile(r"^(?P<name>app|application)\s*=(?!=)", re.MULTILINE)
SETTINGS = re.compile(rf"""DJANGO_SETTINGS_MODULE["'],\s*["']({NAME}(?:\.{NAME}){{0,4}})["']""")
ASGI_PACKAGES = {"fastapi", "starlette", "litestar", "quart", "sanic", "blacksheep", "uvicorn", "hypercorn"}
# They have an `app = …` that no WSGI or ASGI server can serve.
OWN_SERVERS = {"aiohttp", "tornado", "streamlit", "gradio", "dash"}


@dataclass(frozen=True, slots=True)
class Web:
    """`package` is the server, which has to be installed; `shown` is the command as a person reads it."""

    command: tuple[str, ...]
    package: str
    shown: str


def find_server(tree: Tree, packages: frozenset[str]) -> Web | None:
    """The first app that is found: Django's, then those of the usual files, then a program that listens itself."""
    return _django(tree) or _app(tree, packages) or _program(tree)


def gunicorn(app: str) -> Web:
    """gunicorn reads WEB_CONCURRENCY itself; its heartbeat must not be on a disk that can stall."""
    options = "--bind 0.0.0.0:$PORT --worker-tmp-dir /dev/shm --threads 4"
    return Web(shell(f"exec gunicorn {options} {app}"), "gunicorn", f"gunicorn {app}")


def uvicorn(app: str, *options: str) -> Web:
    """uvicorn reads WEB_CONCURRENCY itself."""
    words = " ".join((*options, app))
    return Web(shell(f"exec uvicorn --host 0.0.0.0 --port $PORT {words}"), "uvicorn", f"uvicorn {words}")


def _django(tree: Tree) -> Web | None:
    match = SETTINGS.search(tree.text("manage.py") or "") if "manage.py" in tree.names() else None
    if match is None:
        return None
    parts = match[1].split(".")[:-1]
    for count in range(len(parts), 0, -1):  # config.settings.production: config/settings/, then config/
        there = tree.names("/".join(parts[:count]))
        package = ".".join(parts[:count])
        if "wsgi.py" in there:
            return gunicorn(f"{package}.wsgi")
        if "asgi.py" in there:
            return uvicorn(f"{package}.asgi:application")
    return None


def _app(tree: Tree, packages: frozenset[str]) -> Web | None:
    for module, text in _modules(tree):
        if match := ASGI.search(text) or ASGI_FUNCTION.search(text):
            return uvicorn(f"{module}:{match['name']}")
        if match := WSGI.search(text) or WSGI_FUNCTION.search(text) or DASH.search(text):
            return gunicorn(f"{module}:{match['name']}")
        asynchronous = bool(packages & ASGI_PACKAGES)
        if match := FACTORY.search(text):
            factory = f"{module}:{match['name']}"
            return uvicorn(factory, "--factory") if asynchronous else gunicorn(f"'{factory}()'")
        if (match := PLAIN.search(text)) and not packages & OWN_SERVERS:
            app = f"{module}:{match['name']}"
            return uvicorn(app) if asynchronous else gunicorn(app)
    return None


def _modules(tree: Tree) -> Iterator[tuple[str, str]]:
    """The usual places, with their texts: at the top, and in packages called app or src."""
    places = [("", tree.names()), ("app", tree.names("app")), ("src", tree.names("src"))]
    for folder, there in places:
        for file in FILES + (("__init__.py",) if folder == "app" else ()):
            if file in there:
                path = f"{folder}/{file}" if folder else file
                yield path.removesuffix(".py").removesuffix("/__init__").replace("/", "."), tree.text(path) or ""


def _program(tree: Tree) -> Web | None:
    """A file that is run itself, and asks for PORT."""
    for file in FILES:
        text = tree.text(file) or "" if file in tree.names() else ""
        if "__main__" in text and re.search(r"""["']PORT["']""", text):
            return Web(("python3", file), "", f"python3 {file}")
    return None
