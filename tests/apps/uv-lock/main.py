from importlib.util import find_spec

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def hello(_request: Request) -> PlainTextResponse:
    development = "too" if find_spec("iniconfig") else "left out"
    return PlainTextResponse(f"uv, development packages {development}\n")


app = Starlette(routes=[Route("/", hello)])
