import bottle


@bottle.get("/")
def hello() -> str:
    return "monorepo\n"


application = bottle.default_app()
