"""The library that draws charts on a page, as one script."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import vl_convert

from paribus.errors import ParibusError
from paribus.report.figures import VEGA_LITE
from paribus.report.files import write_whole
from paribus.store.caches import own_cache

ENTRY = "window.vegaEmbed = vegaEmbed;"


@cache
def chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script of 0.9 MB.

    It takes a second to make, so it is kept in the user's cache.
    """
    folder = own_cache("charts")
    return _made() if folder is None else library_in(folder)


def library_in(folder: Path) -> str:
    """The script as it is kept in a folder; made and put there where it is not, or is damaged."""
    kept = folder / f"vl-convert-{version('vl-convert-python')}-vega-lite-{VEGA_LITE}.js"
    with suppress(OSError, UnicodeDecodeError):
        digest, _, script = kept.read_bytes().decode("utf-8").partition("\n")
        if digest == _digest(script):
            return script
    script = _made()
    with suppress(ParibusError):  # a full disk, say: the script is there all the same
        write_whole(kept, f"{_digest(script)}\n{script}")
    return script


def _made() -> str:
    # A carriage return would be read as a line feed, and the script's hash would not fit.
    return vl_convert.javascript_bundle(ENTRY, VEGA_LITE).replace("\r", "")


def _digest(script: str) -> str:
    return f"// {hashlib.sha256(script.encode()).hexdigest()}"
