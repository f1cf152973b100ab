"""What a Flask tutorial begins with; it also says who runs it."""

import os

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return f"flask, as user {os.getuid()}, over {request.scheme}\n"
