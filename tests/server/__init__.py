"""What the end-to-end tests share: a throw-away installation, and checkouts to push from. All parts are real."""

from server.checkout import Checkout, Pushed
from server.installation import App, Server

__all__ = ["App", "Checkout", "Pushed", "Server"]
