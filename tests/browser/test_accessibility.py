"""Whether everybody can read the reports: in both schemes, on a screen of any size, on paper."""

import pytest

from browser.pages import cut_texts, faint_texts, opened, overlapping_texts

axe = pytest.importorskip(
    "axe_playwright_python.base", reason="axe-playwright-python is not installed"
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES = ["light", "dark"]
WIDTHS = [1200, 390]


@pytest.fixture(scope="module")
def page(browser, trained):
    """A report into which a script of ours may be put, which its own policy forbids."""
    with opened(browser, trained, bypass_csp=True) as (page, _, _):
        page.evaluate(axe.AXE_SCRIPT)
        yield page


@pytest.fixture(params=[(width, scheme) for width in WIDTHS for scheme in SCHEMES], ids=str)
def shown(request, page):
    width, scheme = request.param
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_function(
        "[...document.querySelectorAll('.chart')].every("
        "c => Math.abs(c.querySelector('svg').width.baseVal.value - c.clientWidth) <= 1)"
    )
    return page


def test_axe_finds_no_fault(shown):
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = shown.evaluate("options => axe.run(options)", options)["violations"]
    faults = [
        (one["id"], one["impact"], node["target"], node["failureSummary"])
        for one in found
        for node in one["nodes"]
    ]
    assert faults == []


def test_all_text_stands_out_from_what_is_behind_it(shown):
    assert faint_texts(shown) == []


def test_text_of_charts_is_whole(shown):
    assert cut_texts(shown) == []
    assert overlapping_texts(shown) == []


def test_no_text_is_tiny(shown):
    sizes = (
        "all => Math.min(...all.filter(one => one.getClientRects().length)"
        ".map(one => parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert shown.eval_on_selector_all("body *", sizes) >= 11


def test_the_page_never_scrolls_sideways(shown):
    width = shown.viewport_size["width"]
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_every_chart_is_one_picture_that_is_described(page):
    described = (
        "all => all.map(c => [c.getAttribute('role'), c.ariaLabel, "
        "c.querySelector('svg').ariaHidden])"
    )
    charts = page.eval_on_selector_all(".chart", described)
    assert charts
    assert {(role, hidden) for role, _, hidden in charts} == {("img", "true")}
    assert min(len(label) for _, label, _ in charts) > 40


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_can_be_printed(browser, trained, scheme):
    with opened(browser, trained, width=718, scheme=scheme) as (page, said, _):
        page.emulate_media(media="print")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
        assert faint_texts(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 718
        for part in ("h1", "h2", "h3", ".chart svg path", "table", "dl", "pre"):
            unseen = page.locator(part).filter(visible=False)
            assert page.locator(part).count() > 0
            assert part == ".chart svg path" or unseen.count() == 0
        assert said == []
