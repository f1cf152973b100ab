"""What asks a URL that somebody gave: over HTTP(S) only, and nowhere but there."""

import urllib.request

# No file:, no ftp:, no redirects. What the environment says of a proxy counts.
HANDLERS = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPErrorProcessor,
)


def strict_opener() -> urllib.request.OpenerDirector:
    """Its open() raises OSError, of which HTTPError is one, and ValueError for what is no URL."""
    opener = urllib.request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    return opener
