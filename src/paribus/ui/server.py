"""Serving the live page until Ctrl-C."""

import asyncio
import errno
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from types import FrameType

import uvicorn

from paribus.errors import ParibusError
from paribus.store.lab import Lab
from paribus.ui.app import make_site
from paribus.ui.follower import Follower
from paribus.ui.guard import Guard


class _Server(uvicorn.Server):
    """A server that ends its streams of events when it is told to end, and so ends at once."""

    def __init__(
        self, config: uvicorn.Config, follower: Follower, begun: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._follower = follower
        self._begun = begun
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self._begun()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        # Requests that are cut off now are no defects.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._follower.close)


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address; port 0 is any free one.

    Raises `ParibusError` where the address cannot be had.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind)
    except OSError as error:
        raise ParibusError(_unreachable(host, error)) from None
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
        # Here, so that a port that somebody else listens at shows itself.
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise ParibusError(_taken(host, port, error)) from None
    return bound


def url_of(host: str, bound: socket.socket) -> str:
    """The address of the page, as a browser on this machine opens it."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
    name = everywhere.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{bound.getsockname()[1]}/"


def serve(lab: Lab, host: str, bound: socket.socket, begun: Callable[[], None]) -> None:
    """Show a lab at a bound socket until Ctrl-C; `begun` is called once it answers."""
    site, app = make_site(lab)
    config = uvicorn.Config(
        Guard(app, host),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        # For whatever else is under way: a large download, say.
        timeout_graceful_shutdown=2,
    )
    _Server(config, site.follower, begun).run([bound])


def open_browser(url: str) -> None:
    """Show the page in the browser of the one who asked for it, if there is any."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(url)


def _unreachable(host: str, error: OSError) -> str:
    return (
        f"the page cannot be bound to {host!r}: {error.strerror or error}. --host takes an "
        "address or name of this machine: 127.0.0.1 for yourself alone, 0.0.0.0 for all who "
        "reach it."
    )


def _taken(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is taken, perhaps by another live page. Choose another with "
            "--port, or let one be chosen: --port 0"
        )
    if error.errno == errno.EACCES:
        return (
            f"port {port} may not be used: {error.strerror}. Choose one from 1024 on with --port"
        )
    return _unreachable(host, error)
