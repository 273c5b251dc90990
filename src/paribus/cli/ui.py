"""`paribus ui`: shows a lab in a browser until Ctrl-C."""

import os

import typer

from paribus.extras import extra
from paribus.outgoing import printable
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab

PURPOSE = "showing a lab in a browser"
NICENESS = 5
"""How far the page stands behind what is trained on the same machine (0 to 19, of Unix)."""


def show_lab(lab: Lab, host: str, port: int, browser: bool) -> None:
    """Serves the live page of a lab that is there, and returns when it is interrupted.

    Raises `NothingStoredError` and its like for a lab that is not there, `MissingExtraError`
    without the packages of the extra, `ParibusError` for an address that cannot be had.
    """
    for module in ("starlette", "uvicorn"):
        extra(module, "ui", PURPOSE)
    # They need those packages.
    from paribus.ui.guard import is_loopback  # noqa: PLC0415
    from paribus.ui.server import bind, open_browser, serve, url_of  # noqa: PLC0415

    Catalogue.open(lab, create=False, upgrade=False).close()
    bound = bind(host, port)
    url = url_of(host, bound)

    def begun() -> None:
        typer.echo(printable(f"{lab} is shown at {url} (Ctrl-C ends it)"))
        if not is_loopback(host):
            typer.echo(
                f"warning: bound to {host}: everybody who reaches this machine can read the whole "
                "lab. There is no password.",
                err=True,
            )
        if browser:
            open_browser(url)
        # Last, for the browser is not to be slow; and the threads that answer are begun later.
        if hasattr(os, "nice"):
            os.nice(NICENESS)

    try:
        serve(lab, host, bound, begun)
    except KeyboardInterrupt:  # that is how it ends
        pass
    finally:
        bound.close()
