"""What all pages share: templates that escape everything, packaged styles, a strict policy."""

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """Templates of this package; what they are given is text, never markup."""
    return Environment(
        loader=PackageLoader("paribus.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def packaged(name: str) -> str:
    """A style or script that comes with this package."""
    return files("paribus.report").joinpath("templates", name).read_text("utf-8")


def policy(*scripts: str) -> str:
    """A content security policy that allows these scripts, inline styles, and no request."""
    hashes = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
