"""What stands before every request: whom the page answers, and what a browser may do with it.

A page of another site must neither read a lab nor be able to have it read. By name, such a page
could reach this server as its own (DNS rebinding): so a request is answered only where its Host is
this machine. No script, style or request of another origin is allowed to a page, and none inline.
"""

import ipaddress
import socket
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_LOCAL = frozenset({"localhost", "localhost."})


class Guard:
    """An application that answers requests to this machine alone, with `HEADERS` on everything.

    `host` is the address that the server is bound to. One that is bound to loopback answers to
    loopback's names; another also to addresses in numbers and to the machine's own name.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._loopback = is_loopback(host)
        self._names = _LOCAL if self._loopback else _LOCAL | {host.lower(), *_own_names()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(Headers(scope=scope), scope["method"])
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, headers: Headers, method: str) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            told = "This page answers only under the address of the machine that it runs on.\n"
            return PlainTextResponse(told, 421)
        origin = headers.get("origin")
        if (origin is not None and origin != f"http://{hosts[0]}") or _is_foreign(headers):
            return PlainTextResponse("Pages of other sites may not read this one.\n", 403)
        if method not in ("GET", "HEAD"):
            told = "This page only shows a lab: GET and HEAD are allowed.\n"
            return PlainTextResponse(told, 405, {"Allow": "GET, HEAD"})
        return None

    def _is_own(self, host: str) -> bool:
        name = _without_port(host).lower()
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what is bound to this address."""
    if host.lower() in _LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site asks, and not by a link that a person followed."""
    followed = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
    site = headers.get("sec-fetch-site", "none")
    return site in ("cross-site", "same-site") and followed != ("navigate", "document")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _own_names() -> set[str]:
    return {socket.gethostname().lower(), socket.getfqdn().lower()}
