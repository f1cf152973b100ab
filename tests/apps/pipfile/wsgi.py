import bottle


@bottle.get("/")
def hello() -> str:
    return "pipenv\n"


application = bottle.default_app()
