"""Renders the notebooks of the docs as pages of the site, run from their beginning.

They are kept without outputs, so that what the site shows is what the code gives now. Each runs
in an empty folder, in a kernel of its own; a cell that fails fails the build. MkDocs calls
`on_files`, `on_page_markdown` before a page is made HTML, and `on_page_content` after: what cells
give as HTML goes round Markdown, which would read it as its own.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbclient import NotebookClient
from traitlets.config import Config

OURS = '<div class="paribus">'
LINK = re.compile(r"\]\(([\w./-]+)\.ipynb\)")
HELD = re.compile(r'(?<=<div class="output") data-held="([^"]+)">')
SECONDS = 300
"""A cell may take so long."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page beside each notebook; the notebook itself stays, to be downloaded."""
    for file in [one for one in files if one.src_uri.endswith(".ipynb")]:
        page = f"{file.src_uri.removesuffix('.ipynb')}.md"
        text = as_page(Path(file.abs_src_path or ""))
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Has links to notebooks lead to their pages."""
    return LINK.sub(r"](\1.md)", markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Puts the HTML that cells gave into the page."""
    return HELD.sub(lambda found: f">{base64.b64decode(found[1]).decode()}", html)


def as_page(path: Path) -> str:
    """A notebook as Markdown, with what its cells give when they are run now."""
    parts = [part for cell in executed(path).cells for part in _parts(cell)]
    download = f'<a href="{path.name}" download>Download this page as a notebook</a>\n'
    title, _, rest = "\n".join(parts).partition("\n\n")
    return f"{title}\n\n{download}\n{rest}"


def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook, run from its beginning in an empty folder."""
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder, TemporaryDirectory() as sockets:
        # Not by TCP, to whose ports other users of the machine could listen.
        private = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=SECONDS, resources=resources, config=private).execute()
    return notebook


def _parts(cell: Any) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield f"{cell.source}\n"
        return
    yield f"```python\n{cell.source}\n```\n"
    for output in cell.outputs:
        yield from _output(output)


def _output(output: Any) -> Iterator[str]:
    """What a cell gave: our own HTML, else text.

    The HTML of others is made for Jupyter's themes and not for this site's. What a cell says on
    stderr is progress, and left out.
    """
    if output.output_type == "stream":
        if output.name == "stdout":
            yield f"```text\n{output.text.rstrip()}\n```\n"
        return
    html = "".join(output.data.get("text/html", ""))
    if OURS in html:
        held = base64.b64encode(html.encode()).decode()
        yield f'<div class="output" data-held="{held}"></div>\n'
    else:
        yield f"```text\n{output.data['text/plain']}\n```\n"
