"""Reports of studies that are really trained: what is drawn, said, asked for and can be moved."""

import pytest

from browser.pages import opened

STROKES = """figure => {
  const lines = [...document.querySelectorAll(
    `.chart[data-figure="${figure}"] svg .mark-line path`)];
  return lines.map((one) => [
    one.getAttribute("stroke"), +(one.getAttribute("stroke-opacity") ?? 1)]);
}"""


@pytest.fixture
def deep(browser, trained):
    """The report with sliders and legends."""
    with opened(browser, trained) as (page, said, _):
        yield page
        assert said == []


def picture(page, figure):
    """What the charts of a figure show, as text."""
    marks = f".chart[data-figure='{figure}'] svg g.role-mark"
    return page.eval_on_selector_all(marks, "all => all.map(one => one.innerHTML).join()")


def changed(page, figure, before):
    """Waits until a figure shows something else than before."""
    marks = f".chart[data-figure='{figure}'] svg g.role-mark"
    page.wait_for_function(
        "([marks, before]) => before !== "
        "[...document.querySelectorAll(marks)].map(one => one.innerHTML).join()",
        arg=[marks, before],
    )


def test_every_chart_is_drawn_and_nothing_is_said_or_asked_for(browser, trained):
    with opened(browser, trained) as (page, said, asked):
        charts = page.locator(".chart").count()
        folded = page.locator("details .chart").count()
        assert page.evaluate("document.documentElement.dataset.charts") == str(charts - folded)
        drawn = page.eval_on_selector_all(
            ".chart",
            "all => all.map(c => c.querySelectorAll('svg g.role-mark[class*=mark-] path').length)",
        )
        assert len(drawn) == charts >= 4
        assert min(drawn) > 0
        assert said == []
        assert asked == [trained.as_uri()]


@pytest.mark.parametrize("trained", ["vanishing-gradient"], indirect=True)
def test_a_slider_moves_by_mouse_and_by_keys(deep):
    slider = deep.get_by_label("Epoch", exact=True).first
    figure, last = slider.get_attribute("data-figure"), slider.get_attribute("aria-valuetext")
    told = deep.locator(f"output[for='{slider.get_attribute('id')}']")
    end = picture(deep, figure)
    slider.click(position={"x": 2, "y": 16})
    changed(deep, figure, end)
    assert (slider.get_attribute("aria-valuetext"), told.inner_text()) == ("0", "0")
    start = picture(deep, figure)
    deep.keyboard.press("ArrowRight")
    changed(deep, figure, start)
    assert (slider.get_attribute("aria-valuetext"), told.inner_text()) == ("1", "1")
    deep.keyboard.press("End")
    deep.wait_for_timeout(200)
    assert picture(deep, figure) == end
    assert (slider.get_attribute("aria-valuetext"), told.inner_text()) == (last, last)


@pytest.mark.parametrize("trained", ["vanishing-gradient"], indirect=True)
def test_a_legend_is_reached_and_pressed_with_keys(deep):
    buttons = deep.locator(".legend button")
    for _ in range(200):
        deep.keyboard.press("Tab")
        if deep.evaluate("document.activeElement.matches('.legend button')"):
            break
    focused = deep.locator(":focus")
    assert focused.get_attribute("data-series") == buttons.first.get_attribute("data-series")
    figure = focused.locator("xpath=ancestor::figure").get_attribute("data-figure")
    colour = focused.locator("line").get_attribute("stroke")
    before = deep.evaluate(STROKES, figure)
    assert {opacity for _, opacity in before} == {1}
    deep.keyboard.press("Space")
    changed_strokes = f"figure => ({STROKES})(figure).some(([, opacity]) => opacity < 1)"
    deep.wait_for_function(changed_strokes, arg=figure)
    assert focused.get_attribute("aria-pressed") == "true"
    assert buttons.nth(1).get_attribute("aria-pressed") == "false"
    after = deep.evaluate(STROKES, figure)
    assert {opacity for stroke, opacity in after if stroke == colour} == {1}
    assert {opacity for stroke, opacity in after if stroke != colour} == {0.12}
    deep.keyboard.press("Enter")
    deep.wait_for_timeout(200)
    assert focused.get_attribute("aria-pressed") == "false"
    assert deep.evaluate(STROKES, figure) == before
