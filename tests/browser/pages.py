"""How a report is opened in a browser, and what is asked of its text once it is open."""

import shutil
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def opened(browser, path, width=1200, scheme="light", bypass_csp=False):
    """A page with all charts drawn and all folds open, what it said and what it asked for."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        offline=True,
        bypass_csp=bypass_csp,
    )
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-charts]", state="attached")
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
    page.wait_for_function(
        "[...document.querySelectorAll('.chart')].every(c => c.dataset.drawn === 'done')"
    )
    try:
        yield page, said, asked
    finally:
        context.close()


def faint_texts(page):
    """Texts whose contrast with what is behind them is below 4.5 : 1 (WCAG 2.1, 1.4.3).

    axe-core leaves text in drawings, and text that is scrolled out of sight, undecided.
    """
    return page.evaluate(_FAINT)


def overlapping_texts(page):
    """Pairs of texts of one chart that cover each other by more than a pixel or two."""
    return page.evaluate(_OVERLAPPING)


def cut_texts(page):
    """Texts that reach beyond the picture of their chart, which cuts them off."""
    return page.evaluate(_CUT)


_FAINT = """() => {
  const parsed = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = (back, { rgb, alpha }) => back.map((b, i) => alpha * rgb[i] + (1 - alpha) * b);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map(
      (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const filled = (element) => {
    const style = getComputedStyle(element);
    const { rgb, alpha } = parsed(style.fill);
    return { rgb, alpha: alpha * style.fillOpacity * style.opacity };
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      layers.unshift(parsed(getComputedStyle(one).backgroundColor));
    }
    const text = element.getBoundingClientRect();
    const [x, y] = [text.x + text.width / 2, text.y + text.height / 2];
    for (const cell of element.closest("svg")?.querySelectorAll(".mark-rect path") ?? []) {
      const { left, right, top, bottom } = cell.getBoundingClientRect();
      if (left < x && x < right && top < y && y < bottom) layers.push(filled(cell));
    }
    return layers.reduce(over, [255, 255, 255]);
  };
  const shows = (element) => element.getClientRects().length
    && +getComputedStyle(element).opacity
    && [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
  const found = [];
  for (const element of [...document.body.querySelectorAll("*")].filter(shows)) {
    const drawn = element.closest("svg");
    const back = behind(element);
    const front = over(back, drawn ? filled(element) : parsed(getComputedStyle(element).color));
    const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) found.push([element.textContent.trim(), contrast.toFixed(2)]);
  }
  return found;
}"""

_TEXTS = """
  // Slanted labels of an axis stand side by side, though the boxes around them overlap.
  const slanted = (text) => {
    const { a, b } = text.getCTM();
    return Math.abs(a) > 0.1 && Math.abs(b) > 0.1;
  };
  const texts = (chart) => [...chart.querySelectorAll("svg text")]
    .filter((text) => text.textContent.trim() && +getComputedStyle(text).opacity)
    .map((text) => ({
      said: text.textContent,
      box: text.getBoundingClientRect(),
      slanted: slanted(text),
    }));
"""

_OVERLAPPING = f"""() => {{{_TEXTS}
  const found = [];
  for (const chart of document.querySelectorAll(".chart")) {{
    const all = texts(chart).filter((one) => !one.slanted);
    all.forEach((one, place) => all.slice(place + 1).forEach((other) => {{
      const across = Math.min(one.box.right, other.box.right)
        - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom)
        - Math.max(one.box.top, other.box.top);
      // The box of a text has room above and below its letters.
      if (across > 1 && down > 3) found.push([chart.dataset.figure, one.said, other.said]);
    }}));
  }}
  return found;
}}"""

_CUT = f"""() => {{{_TEXTS}
  return [...document.querySelectorAll(".chart")].flatMap((chart) => {{
    const frame = chart.getBoundingClientRect();
    return texts(chart)
      .filter(({{ box }}) => box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
      .map(({{ said }}) => [chart.dataset.figure, said]);
  }});
}}"""
