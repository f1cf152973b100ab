from bottle import Bottle

application = Bottle()


@application.get("/")
def hello() -> str:
    return "poetry\n"
