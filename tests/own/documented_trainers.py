"""The study files that the page on trainers shows, written to a folder."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "trainers.md"
FILE = re.compile(r"^```python\n# (?P<name>\w+\.py)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def shown_files() -> dict[str, str]:
    """The files by name."""
    return {found["name"]: found["code"] for found in FILE.finditer(PAGE.read_text("utf-8"))}


def write_shown(name: str, folder: Path) -> Path:
    """Writes a file that the page shows; gives its path."""
    path = folder / name
    path.write_text(shown_files()[name], "utf-8")
    return path
