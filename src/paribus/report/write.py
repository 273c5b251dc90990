"""Writing a report: the page, and its charts as files beside it."""

import os
import tempfile
from pathlib import Path

from paribus.errors import ParibusError
from paribus.report.declared import exhibits
from paribus.report.figures import Figure, save_charts
from paribus.report.page import render
from paribus.results.tidy import StudyResults


def write_report(results: StudyResults, folder: Path) -> Path:
    """Write `report.html` and `charts/*.svg`, `charts/*.png` to a folder; the page's path.

    The page is replaced whole or not at all. Raises `ParibusError` where the folder cannot be
    written.
    """
    shown = exhibits(results)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_charts([one for one in shown if isinstance(one, Figure)], folder / "charts")
        return _replace(folder / "report.html", render(results, shown))
    except OSError as error:
        raise ParibusError(
            f"cannot write the report to {folder}: {error.strerror}. "
            "Choose a folder that can be written"
        ) from error


def _replace(target: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
