"""The fenced blocks of the docs: where they stand, what they are, and what is said of them.

A comment on the line before a block says what is special about it:

- `<!-- not run: REASON -->`: what it shows cannot be run here
- `<!-- exits CODE: REASON -->`: its last command ends with this code
- `<!-- printed -->`: what the block of commands before it prints, numbers apart
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"(?:^<!-- (?P<said>not run|exits \d+|printed)(?:: (?P<reason>.+?))? -->\n)?"
    r"^```(?P<language>[^\n]*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
WRITTEN = "<!-- Written by "
FILE = re.compile(r"# (\w+\.py)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is the number of its first line of code, from 1."""

    page: Path
    line: int
    language: str
    code: str
    said: str
    reason: str

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name of the file that it shows, by its first line: `# width.py`."""
        named = FILE.match(self.code)
        return named[1] if named else None

    @property
    def commands(self) -> Iterator[list[str]]:
        """The words of each command of a console block, without what its output goes to."""
        for line in self.code.replace("\\\n", " ").splitlines():
            words = shlex.split(line.split(" | ")[0], comments=True)
            if words:
                yield words


def pages() -> list[Path]:
    """README and all pages of the docs but those that scripts write of the declarations."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if not page.read_text("utf-8").startswith(WRITTEN)]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text("utf-8")
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start("code")) + 1,
            language=found["language"],
            code=found["code"],
            said=found["said"] or "",
            reason=found["reason"] or "",
        )
        for found in BLOCK.finditer(text)
    ]
