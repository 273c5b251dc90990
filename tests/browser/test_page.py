from contextlib import ExitStack

import pytest

from browser.pages import opened
from paribus import figures as declare
from paribus.report.page import render
from report import example_figures as examples
from results.example_studies import diverging, widths


def layers():
    """Heat maps with sliders, a table and a figure that is absent."""
    shown = [
        declare.LayerHeatmap(metric="gradient/norm", factor="depth"),
        declare.LayerHeatmap(metric="gradient/mean", factor="depth"),
        declare.AgainstLevels(metrics=("test/accuracy", "train/loss"), factor="depth"),
        declare.LearningCurves(metric="train/loss"),
        declare.LayerCurves(metric="gradient/total"),
        declare.Columns(metrics=("test/accuracy",)),
    ]
    return examples.depths(deepest=4, figures=[one.as_json() for one in shown])


def between():
    """Figures with two axes, which no other has."""
    return examples.lines(figures=[declare.LineCurves().as_json()] * 4)


STUDIES = [diverging, widths, layers, between]


@pytest.fixture(scope="module", params=STUDIES, ids=lambda make: make.__name__)
def report(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(request.param()), encoding="utf-8")
    return path


@pytest.fixture
def open_page(browser, report):
    """A function that opens the report."""
    with ExitStack() as pages:
        yield lambda *how: pages.enter_context(opened(browser, report, *how))


def test_nothing_is_said_and_nothing_asked_for(open_page, report):
    _, said, asked = open_page(1200)
    assert said == []
    assert asked == [report.as_uri()]


def test_every_chart_has_marks(open_page):
    page, _, _ = open_page(1200)
    drawn = page.eval_on_selector_all(
        ".chart",
        "all => all.map(c => c.querySelectorAll('svg g.role-mark[class*=mark-] path').length)",
    )
    assert len(drawn) >= 4
    assert min(drawn) > 0


@pytest.mark.parametrize("width", [320, 360, 768])
def test_the_page_never_scrolls_sideways(open_page, width):
    page, _, _ = open_page(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = "c => c.querySelector('svg').getBoundingClientRect().right <= innerWidth"
    assert page.eval_on_selector_all(".chart", f"all => all.every({inside})")


def test_charts_follow_the_window(open_page):
    page, _, _ = open_page(1200)
    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_function(
        "[...document.querySelectorAll('.chart svg')]"
        ".every(s => s.getBoundingClientRect().width <= s.closest('.chart').clientWidth + 1)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_text_of_charts_follows_the_scheme(open_page):
    colours = []
    for scheme in ("light", "dark"):
        page, _, _ = open_page(1200, scheme)
        fill = "text => getComputedStyle(text).fill"
        colours.append(page.eval_on_selector(".chart svg text", fill))
    assert colours == ["rgb(27, 31, 36)", "rgb(230, 233, 237)"]


def test_a_legend_entry_highlights_in_every_chart_of_its_kind(open_page):
    page, said, _ = open_page(1200)
    buttons = page.locator(".legend button")
    group = buttons.first.get_attribute("data-group")
    faint = (
        "group => [...document.querySelectorAll(`.chart[data-group=${group}]`)].map("
        "c => [...c.querySelectorAll('svg path')].filter("
        "p => +p.getAttribute('stroke-opacity') === 0.12).length)"
    )
    before = page.evaluate(faint, group)
    buttons.first.click()
    page.wait_for_timeout(200)
    after = page.evaluate(faint, group)
    assert buttons.first.get_attribute("aria-pressed") == "true"
    assert sum(after) > sum(before)
    buttons.first.click()
    page.wait_for_timeout(200)
    assert page.evaluate(faint, group) == before
    assert said == []


def test_a_slider_chooses_the_epoch_of_its_figure_alone(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(layers()), encoding="utf-8")
    page = browser.new_page(offline=True)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-charts]", state="attached")
    slider = page.get_by_label("Epoch", exact=True).first
    figure = slider.get_attribute("data-figure")
    cells = (
        "name => [...document.querySelectorAll(`.chart[data-figure=${name}] path`)]"
        ".map(p => p.getAttribute('fill-opacity')).join()"
    )
    other = page.get_by_label("Epoch", exact=True).nth(1).get_attribute("data-figure")
    before, beside = page.evaluate(cells, figure), page.evaluate(cells, other)
    slider.focus()
    for _ in range(7):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"before => ({cells})('{figure}') !== before", arg=before)
    assert slider.get_attribute("aria-valuetext") == "3"
    assert page.locator(".slider output").first.inner_text() == "3"
    assert page.evaluate(cells, other) == beside
    page.keyboard.press("End")
    page.wait_for_function(f"before => ({cells})('{figure}') === before", arg=before)
    assert said == []
    page.close()
