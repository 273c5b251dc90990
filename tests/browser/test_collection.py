"""The page of all studies in a browser: it asks for nothing, fits each screen, can be read."""

import pytest

from browser.pages import faint_texts
from paribus.report.collection import write_collection
from paribus.store.catalogue import Catalogue
from report.example_lab import fill

axe = pytest.importorskip(
    "axe_playwright_python.base", reason="axe-playwright-python is not installed"
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOWN = [(width, scheme) for width in (1200, 390, 320) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    with Catalogue.in_memory() as catalogue:
        return write_collection(fill(catalogue), tmp_path_factory.mktemp("reports") / "collection")


@pytest.fixture(params=SHOWN, ids=str)
def opened(request, browser, collection):
    """The page with all folds open, what it said and what it asked for."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        offline=True,
        bypass_csp=True,
    )
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(collection.as_uri())
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    yield page, said, asked
    context.close()


def test_nothing_is_said_and_nothing_asked_for(opened, collection):
    _, said, asked = opened
    assert said == []
    assert asked == [collection.as_uri()]


def test_the_page_never_scrolls_sideways(opened):
    page, _, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everybody_can_read_it(opened):
    page, _, _ = opened
    page.evaluate(axe.AXE_SCRIPT)
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    faults = [(one["id"], node["target"]) for one in found for node in one["nodes"]]
    assert faults == []
    assert faint_texts(page) == []


def test_verdicts_are_words_with_a_sign_of_their_own(opened):
    page, _, _ = opened
    signs = page.eval_on_selector_all(
        ".tally .pill", "all => all.map(one => getComputedStyle(one, '::before').content)"
    )
    assert len(set(signs)) == len(signs) == 4
    words = page.eval_on_selector_all(".verdicts .pill", "all => all.map(one => one.innerText)")
    assert set(words) == {"supported", "refuted", "undecided", "not testable"}
