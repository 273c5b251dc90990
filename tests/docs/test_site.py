"""The site builds without a warning, asks nothing of a network, and its notebooks run."""

import inspect
import re
import runpy
from html.parser import HTMLParser

import pytest

import paribus
from docs.blocks import ROOT
from paribus import (
    analyses,
    claims,
    data,
    errors,
    models,
    optimizers,
    probes,
    results,
    trainers,
)

NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
LOADING = {"audio", "embed", "iframe", "img", "link", "script", "source", "use", "video"}


@pytest.fixture(scope="module")
def site(tmp_path_factory, monkeypatch_module):
    """The built site. `strict` makes a warning of any kind an error."""
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    pytest.importorskip("nbclient", reason="nbclient is not installed")
    config = pytest.importorskip("mkdocs.config")
    build = pytest.importorskip("mkdocs.commands.build")
    folder = tmp_path_factory.mktemp("site")
    loaded = config.load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True)
    build.build(loaded)
    return folder


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        yield patch


class Loaded(HTMLParser):
    """What a page loads by itself."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in LOADING:
            self.found += [value for name, value in attrs if name in {"src", "href"} and value]


def loaded_by(text):
    page = Loaded()
    page.feed(text)
    return page.found


@pytest.mark.slow
def test_the_site_builds_and_loads_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    loaded = {one for page in pages for one in loaded_by(page.read_text("utf-8"))}
    assert loaded
    assert not {one for one in loaded if re.match(r"(https?:)?//", one)}
    for page in pages:
        for one in loaded_by(page.read_text("utf-8")):
            name = one.partition("#")[0].partition("?")[0]
            root = site if name.startswith("/") else page.parent
            assert not name or (root / name.lstrip("/")).exists(), f"{page.name}: {one}"


@pytest.mark.slow
def test_every_public_name_has_its_place_in_the_api(site):
    text = "".join(page.read_text("utf-8") for page in (site / "api").glob("*.html"))
    anchors = {one.rpartition(".")[2] for one in re.findall(r'id="(paribus\.[\w.]+)"', text)}
    assert not public_names() - anchors


def public_names():
    """Classes and functions that somebody imports; types that only annotate have no place."""
    modules = (paribus, analyses, claims, data, models, optimizers, probes, results, trainers)
    offered = [getattr(module, name) for module in modules for name in module.__all__]
    raised = [one for one in vars(errors).values() if inspect.isclass(one)]
    found = [one for one in (*offered, *raised) if inspect.isclass(one) or inspect.isfunction(one)]
    return {one.__name__ for one in found if one.__module__.startswith("paribus")}


@pytest.mark.slow
def test_a_notebook_is_a_page_with_what_its_cells_give(site):
    for path in NOTEBOOKS:
        page = site / path.relative_to(ROOT / "docs").with_suffix(".html")
        text = page.read_text("utf-8")
        assert '<div class="paribus">' in text
        assert "data-held" not in text
        assert path.name in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not [cell for cell in code if cell.outputs or cell.execution_count]


def test_a_cell_that_fails_fails_the_build(tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    as_page = runpy.run_path(str(ROOT / "docs" / "render_notebooks.py"))["as_page"]
    cells = [nbformat.v4.new_markdown_cell("# Title\n\nText"), nbformat.v4.new_code_cell("1 / 0")]
    wrong = tmp_path / "wrong.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), wrong)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        as_page(wrong)


def test_examples_in_docstrings_are_fenced():
    pytest.importorskip("griffe", reason="griffe is not installed")
    fenced = runpy.run_path(str(ROOT / "docs" / "read_docstrings.py"))["fenced"]
    lines = ["Says.", "", ">>> 1 + 1", "2", ">>> 3", "3", "", "More."]
    assert list(fenced(lines))[:-1] == [
        *("Says.", "", "```python", ">>> 1 + 1", "2", ">>> 3", "3", "```", "", "More.")
    ]
    assert list(fenced([">>> 1"]))[:3] == ["```python", ">>> 1", "```"]
