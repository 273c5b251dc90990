"""Writing a report: the page, and its charts as files beside it."""

from pathlib import Path

from paribus.errors import ParibusError
from paribus.report.contents import Contents, contents
from paribus.report.figures import save_charts
from paribus.report.files import write_whole
from paribus.report.page import render
from paribus.results.tidy import StudyResults


def write_report(results: StudyResults, folder: Path, shown: Contents | None = None) -> Path:
    """Write `report.html` and `charts/*.svg`, `charts/*.png` to a folder; the page's path.

    `shown` is `contents(results)`, made here where not given. The page is replaced whole or not
    at all. Raises `ParibusError` where the folder cannot be
    written.
    """
    shown = contents(results) if shown is None else shown
    try:
        save_charts(shown.figures, folder / "charts")
    except OSError as error:
        raise ParibusError(
            f"cannot write the report to {folder}: {error.strerror}. "
            "Choose a folder that can be written"
        ) from error
    return write_whole(folder / "report.html", render(results, shown))
