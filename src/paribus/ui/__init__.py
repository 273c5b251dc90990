"""The live page: the studies of a lab in a browser, read-only, while they run and after."""

from paribus.ui.app import make_app
from paribus.ui.server import serve

__all__ = ["make_app", "serve"]
