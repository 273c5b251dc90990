"""The live page in a browser while its lab changes, and while its server does not answer."""

from contextlib import contextmanager

import pytest

from browser.live_pages import drawn, opened, query, until
from paribus.store.catalogue import Catalogue
from report.example_lab import study
from results.example_studies import activation_runs
from ui.example_lab import fill_all
from ui.serving import served

pytest.importorskip("uvicorn", reason="uvicorn is not installed")

STUDY = "studies/growing/demo"
PAGE, CHARTS, EVENTS = f"**/{STUDY}", f"**/{STUDY}/charts.json*", f"**/{STUDY}/events"
LEFT = (
    "[...document.querySelectorAll('[aria-labelledby=runs] td')]"
    ".filter(cell => cell.textContent === 'not trained yet').length"
)
STREAMS = """
    window.streams = [];
    window.EventSource = class extends EventSource {
      constructor(...given) { super(...given); streams.push(this); }
    };
"""
OPEN = "streams.filter(one => one.readyState !== EventSource.CLOSED).length"
LISTENERS = """
    window.listeners = 0;
    for (const [name, more] of [["addEventListener", 1], ["removeEventListener", -1]]) {
      const own = window[name];
      window[name] = function (kind, ...given) {
        if (kind === "resize") listeners += more;
        return own.call(this, kind, ...given);
      };
    }
"""


@contextmanager
def growing(tmp_path, done=8):
    """A lab's address, and a function that stores one more run of its study of 20."""
    made = study("growing")
    pairs = zip(made.members, activation_runs(made), strict=True)
    runs = (run for _, run in sorted(pairs, key=lambda pair: pair[0].replicate))
    lab = tmp_path / "lab"

    def store(count=1):
        with Catalogue.open(lab, create=False) as catalogue:
            for _ in range(count):
                catalogue.add_run(next(runs))

    with Catalogue.open(lab, create=True) as catalogue:
        catalogue.put_study(made)
    store(done)
    with served(lab) as (_, url):
        yield url, store


def refuse_once(page, address):
    """The next answer of an address is 503; gives a list of those that were refused."""
    refused = []

    def answer(route):
        if refused:
            return route.fallback()
        refused.append(route.request.url)
        return route.fulfill(status=503, content_type="text/html", body="<p>Not now.</p>")

    page.route(address, answer)
    return refused


def look(page, away):
    """Hides the page as another tab would, or shows it."""
    page.evaluate(
        "away => {"
        " Object.defineProperty(document, 'hidden', { get: () => away, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        away,
    )


@pytest.mark.parametrize("address", [PAGE, CHARTS], ids=["page", "charts"])
def test_a_refresh_that_is_refused_is_tried_again(browser, tmp_path, address):
    with growing(tmp_path) as (url, store), opened(browser, url + STUDY) as (page, _):
        refused = refuse_once(page, address)
        store()
        until(page, f"{LEFT} === 11")
        drawn(page)
        assert len(refused) == 1


def test_charts_that_are_refused_at_first_are_drawn(browser, tmp_path):
    with growing(tmp_path) as (url, _), opened(browser, url + STUDY) as (page, _):
        refused = refuse_once(page, CHARTS)
        page.reload()
        drawn(page)
        assert len(refused) == 1
        assert page.locator(".chart svg").count() > 0


def test_a_stream_that_is_refused_is_opened_again(browser, tmp_path):
    with growing(tmp_path) as (url, store), opened(browser, url + STUDY) as (page, _):
        refuse_once(page, EVENTS)
        page.reload()
        until(page, "document.getElementById('connection').textContent !== ''")
        until(page, "document.getElementById('connection').textContent === ''")
        store()
        until(page, f"{LEFT} === 11")


def test_what_is_told_during_a_refresh_is_shown_after_it(browser, tmp_path):
    with growing(tmp_path) as (url, store), opened(browser, url + STUDY) as (page, said):
        held = []
        page.route(PAGE, lambda route: route.fallback() if held else held.append(route))
        store()
        until(page, "document.getElementById('status').textContent.includes('9 of 20')")
        while not held:
            page.wait_for_timeout(50)
        before = held[0].fetch()
        store()
        until(page, "document.getElementById('status').textContent.includes('10 of 20')")
        held[0].fulfill(response=before)
        until(page, f"{LEFT} === 10")
        drawn(page)
        assert "10 of 20 runs" in page.inner_text("#status")
        assert said == []


def test_a_chart_that_cannot_be_drawn_stops_nothing_else(browser, tmp_path):
    def broken(route):
        answer = route.fetch()
        charts = answer.json()
        charts[next(iter(charts))]["panels"] = []
        route.fulfill(response=answer, json=charts)

    with growing(tmp_path) as (url, store), opened(browser, url + STUDY) as (page, said):
        page.route(CHARTS, broken)
        page.reload()
        until(page, "document.querySelectorAll('.chart[data-drawn=failed]').length > 0")
        until(page, "document.querySelectorAll('.chart[data-drawn=done]').length > 0")
        page.wait_for_selector("html[data-charts]", state="attached")
        assert said != []
        page.unroute(CHARTS)
        store()
        until(page, f"{LEFT} === 11")
        drawn(page)


def test_a_hidden_page_has_no_stream_and_catches_up_when_it_is_shown(browser, tmp_path):
    with growing(tmp_path) as (url, store), opened(browser, url + STUDY) as (page, said):
        page.add_init_script(STREAMS)
        page.reload()
        drawn(page)
        assert page.evaluate(OPEN) == 1
        look(page, away=True)
        assert page.evaluate(OPEN) == 0
        store()
        page.wait_for_timeout(2_500)
        assert page.evaluate(LEFT) == 12
        look(page, away=False)
        assert page.evaluate(OPEN) == 1
        until(page, f"{LEFT} === 11")
        assert said == []


def test_the_page_of_all_studies_learns_what_is_new_when_it_is_shown_again(browser, tmp_path):
    with growing(tmp_path) as (url, store), opened(browser, url) as (page, said):
        page.evaluate(
            "document.getElementById('studies').append("
            "Object.assign(document.createElement('li'), { id: 'gone' }))"
        )
        look(page, away=True)
        store()
        look(page, away=False)
        until(page, "document.getElementById('studies').textContent.includes('9 of 20')")
        assert page.locator("#gone").count() == 0
        assert said == []


def test_views_do_not_grow_in_number(browser, tmp_path):
    with growing(tmp_path) as (url, store), opened(browser, url + STUDY) as (page, _):
        page.add_init_script(LISTENERS)
        page.reload()
        drawn(page)
        for left in (11, 10, 9):
            store()
            until(page, f"{LEFT} === {left}")
            drawn(page)
            until(page, "listeners === document.querySelectorAll('.chart svg').length", 20)


def test_somebody_keeps_their_place_when_the_page_changes_above_it(browser, tmp_path):
    with growing(tmp_path, done=0) as (url, store), opened(browser, url + STUDY) as (page, said):
        page.locator("[aria-labelledby=runs] tbody a").nth(3).focus()
        link = page.evaluate("document.activeElement.href")
        store(8)
        until(page, "document.querySelector('#by-epoch') !== null")
        drawn(page)
        assert page.evaluate("document.activeElement.href") == link
        assert said == []


def test_folds_stay_as_somebody_left_them(browser, tmp_path):
    folds = "[...document.querySelectorAll('main details')].map(one => one.open)"
    compared = f"{STUDY}?compare=relu&compare=gelu"
    with growing(tmp_path) as (url, store), opened(browser, url + compared) as (page, said):
        page.locator(".choose summary").click()
        page.locator("#claim-2 summary").click()
        before = page.evaluate(folds)
        assert before.count(True) == 1
        store()
        until(page, f"{LEFT} === 11")
        drawn(page)
        assert page.evaluate(folds) == before
        assert said == []


@pytest.mark.parametrize("epoch", ["999", "abc"])
def test_an_address_with_a_wrong_epoch_shows_the_last(browser, tmp_path, epoch):
    lab = tmp_path / "lab"
    with Catalogue.open(lab, create=True) as catalogue:
        fill_all(catalogue)
    cells = (
        "f => [...document.querySelectorAll(`.chart[data-figure=${f}] path`)]"
        ".map(p => p.getAttribute('fill-opacity')).join()"
    )
    with served(lab) as (_, url):
        address = f"{url}studies/second/demo?metric=gradient/norm"
        with opened(browser, address) as (page, said):
            slider = page.get_by_label("Epoch", exact=True).first
            figure = slider.get_attribute("data-figure")
            last, shown = slider.get_attribute("aria-valuetext"), page.evaluate(cells, figure)
            page.goto(f"{address}&epoch-{figure}={epoch}")
            drawn(page)
            assert query(page)[f"epoch-{figure}"] == [epoch]
            assert slider.get_attribute("aria-valuetext") == last
            assert page.evaluate(cells, figure) == shown
            assert said == []
