"""How a live page is opened in a browser, and waited for."""

import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit


@contextmanager
def opened(browser, url, width=1280, scheme="light", bypass_csp=False):
    """A page with its charts drawn, and all that it said."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=bypass_csp
    )
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    if page.evaluate("document.body.dataset.page") == "study":
        drawn(page)
    try:
        yield page, said
    finally:
        context.close()


def until(page, holds, seconds=60):
    """Waits until an expression is true: Playwright's own way is to `eval` it in the page."""
    end = time.monotonic() + seconds
    while not page.evaluate(holds):
        assert time.monotonic() < end, (holds, page.inner_text("body")[:2000])
        page.wait_for_timeout(100)


def drawn(page):
    page.wait_for_selector("html[data-charts]", state="attached")
    until(
        page,
        "[...document.querySelectorAll('.chart')].filter(c => !c.closest('details:not([open])'))"
        ".every(c => c.dataset.drawn === 'done')",
    )


def query(page):
    return parse_qs(urlsplit(page.url).query)
