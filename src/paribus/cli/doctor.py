"""What a command would find here: versions, devices, caches, data, the lab. Nothing is trained.

Each part is looked at by itself, so that whatever is broken in one is told and the others follow.
"""

import importlib.metadata
import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.cli.screen import Screen
from paribus.cli.words import plural, size
from paribus.errors import NothingStoredError, ParibusError
from paribus.outgoing import shareable
from paribus.store.caches import cache_path
from paribus.store.catalogue import Catalogue
from paribus.store.hold import is_held
from paribus.store.lab import Lab, SharedLab, folder_of
from paribus.store.migrations import LATEST
from paribus.store.mounts import network_file_system
from paribus.store.working import working_in

if TYPE_CHECKING:
    from paribus.data.base import Source

# What computes is imported where it is looked at: where it cannot be, the rest is still told.

LIBRARIES = (
    *("paribus", "jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "scikit-learn"),
    *("sqlalchemy", "pydantic", "pandas", "altair"),
)

LEAST_FREE = 1_000_000_000
"""Bytes that should be free where runs are kept."""

OPTIONAL = {
    "mlflow-skinny": "paribus[trackers]",
    "psycopg": "paribus[postgresql]",
    "ray": "paribus[ray]",
    "starlette": "paribus[ui]",
    "tensorboard": "paribus[trackers]",
    "torch": "paribus[torch]",
    "uvicorn": "paribus[ui]",
}
"""Packages that some commands and options need, and what to install for them."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what it is, and where it needs attention, what to do."""

    part: str
    name: str
    found: str
    advice: str | None = None


Part = Callable[[], Iterator[Finding]]


def examine(lab: Lab, source: "Source") -> list[Finding]:
    """All that is found, part by part; raises nothing, whatever is broken."""
    parts: dict[str, Part] = {
        "versions": _versions,
        "optional": _optional,
        "devices": _devices,
        "caches": lambda: _caches(source),
        "data": lambda: _data(source),
        "lab": lambda: _lab(lab),
    }
    return [finding for name, part in parts.items() for finding in _looked_at(name, part)]


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing needs attention."""
    return all(finding.advice is None for finding in findings)


def doctor_row(findings: Sequence[Finding]) -> dict[str, Any]:
    """What was found, as `paribus doctor --json` prints it: fit to be shown to others."""
    return shareable({"well": is_well(findings), "findings": [asdict(one) for one in findings]})


def show_doctor(findings: Sequence[Finding]) -> None:
    """What was found, and last of all what needs attention."""
    out = Screen(soft_wrap=True)
    told = [Finding(**shareable(asdict(finding))) for finding in findings]
    for finding in told:
        mark = " " if finding.advice is None else "!"
        out.print(f"{mark} {finding.part:9} {finding.name}: {finding.found}")
    ill = [finding for finding in told if finding.advice is not None]
    out.print(f"{plural(len(ill), 'thing')} to attend to:" if ill else "all is well")
    for finding in ill:
        out.print(f"  {finding.name}: {finding.advice}")


def _looked_at(name: str, part: Part) -> Iterator[Finding]:
    try:
        yield from part()
    except ParibusError as error:
        yield Finding(name, name, str(error), "do as the message says")
    except Exception as error:  # whatever is broken here, the other parts are still told
        found = f"could not be looked at: {type(error).__name__}: {error}"
        yield Finding(name, name, found, "please report this, with what is printed here")


def _versions() -> Iterator[Finding]:
    yield Finding("versions", "python", platform.python_version())
    for name in LIBRARIES:
        version = _version_of(name)
        advice = None if version else "install it again: pip install --force-reinstall paribus"
        yield Finding("versions", name, version or "missing", advice)
    yield Finding("versions", "sqlite", sqlite3.sqlite_version)


def _optional() -> Iterator[Finding]:
    for name, what in OPTIONAL.items():
        version = _version_of(name)
        found = version or f"not installed; where it is wanted: pip install '{what}'"
        yield Finding("optional", name, found)


def _version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices() -> Iterator[Finding]:
    from paribus.training.platform import count_lanes, device, usable_cores  # noqa: PLC0415 - see above
    from paribus.training.provenance import cpu  # noqa: PLC0415 - see above

    processor = cpu()
    yield Finding("devices", "processor", f"{processor['device']}, {processor['cpu_features']}")
    yield Finding("devices", "cores", f"{usable_cores()} usable of {os.cpu_count()}")
    yield Finding("devices", "memory", _memory())
    first = device(0)
    found = f"{count_lanes()} x {first.platform} {first.device_kind}"
    yield Finding("devices", "jax", found)


def _memory() -> str:
    try:
        return size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on every system
        return "unknown"


def _caches(source: "Source") -> Iterator[Finding]:
    from paribus.data.files import data_root  # noqa: PLC0415 - see above

    compiled = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    yield _cache("compiled programs", Path(compiled) if compiled else cache_path("compiled"))
    if source.folder is None:
        yield _cache("data files", data_root(source))


def _cache(name: str, folder: Path) -> Finding:
    there = _existing(folder)
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        advice = f"give yourself the right to write to {there}; without it nothing is kept there"
        return Finding("caches", name, f"{folder}, not writable", advice)
    if there != folder:
        return Finding("caches", name, f"{folder}, not made yet")
    held = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
    return Finding("caches", name, f"{folder}, {size(held)}")


def _existing(folder: Path) -> Path:
    """The folder, or that of those above it which is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


def _data(source: "Source") -> Iterator[Finding]:
    from paribus.data import catalogue as datasets  # noqa: PLC0415 - see above

    if source.folder is not None and not source.folder.is_dir():
        advice = "give a folder that is there with --data-dir or PARIBUS_DATA"
        yield Finding("data", "folder", f"{source.folder} is not there", advice)
    for spec in datasets.ALL:
        name = datasets.name_of(spec)
        try:
            location = spec.locate(source)
        except ParibusError as error:
            yield Finding("data", name, str(error), "put the files that were published there")
            continue
        where = "" if location.path is None else f", {location.path}"
        yield Finding("data", name, f"{location.state}{where}")


def _lab(lab: Lab) -> Iterator[Finding]:
    yield Finding("lab", "lab", str(lab))
    yield from _place(lab)
    try:
        with Catalogue.open(lab, create=False) as catalogue:
            yield from _contents(lab, catalogue)
    except NothingStoredError:
        yield Finding("lab", "content", "nothing yet")
    except ParibusError as error:
        advice = "see the message; `paribus check` says which runs of a damaged lab are lost"
        yield Finding("lab", "content", str(error), advice)


def _place(lab: Lab) -> Iterator[Finding]:
    folder = _existing(folder_of(lab))
    free = shutil.disk_usage(folder).free
    advice = None if free >= LEAST_FREE else f"make room: {size(LEAST_FREE)} should be free"
    yield Finding("lab", "free space", size(free), advice)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        advice = "give a folder that you may write to with --lab; this one can only be read"
        yield Finding("lab", "folder", f"{folder} is not writable", advice)
    kind = network_file_system(folder)
    if kind is not None and not isinstance(lab, SharedLab):
        advice = "use a folder on a local disk, or a lab in PostgreSQL: --lab postgresql://..."
        yield Finding("lab", "file system", f"{kind}, on the network", advice)


def _contents(lab: Lab, catalogue: Catalogue) -> Iterator[Finding]:
    counts = catalogue.counts()
    stored = plural(sum(one.done for one in counts), "run")
    studies = "1 study" if len(counts) == 1 else f"{len(counts):,} studies"
    yield Finding("lab", "content", f"{studies}, {stored}, {size(catalogue.size())}")
    yield Finding("lab", "schema", f"{LATEST}, the newest")
    failed = {f"{one.name} ({one.scale})": one.failed for one in counts if one.failed}
    if failed:
        told = ", ".join(f"{count} of {name}" for name, count in failed.items())
        advice = "the logs in the lab say why; `paribus run` tries them again"
        yield Finding("lab", "failed runs", told, advice)
    working = working_in(lab, catalogue)
    told = ", ".join(f"{name} ({scale})" for name, scale in working)
    yield Finding("lab", "in use", told or ("by some command" if is_held(lab) else "no"))
