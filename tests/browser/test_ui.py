"""The live page in a browser: it follows a study to its end, and everybody can use it."""

import csv
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from browser.live_pages import drawn, opened, query, until
from browser.pages import cut_texts, faint_texts
from paribus.store.catalogue import Catalogue
from ui.example_lab import fill_all
from ui.serving import paribus, served

pytest.importorskip("uvicorn", reason="uvicorn is not installed")

STUDY = "studies/second/demo"
PAGES = {
    "all studies": "",
    "a study": STUDY,
    "compared": f"{STUDY}?metric=gradient/norm&compare=relu&compare=sigmoid&only=activation=relu",
    "hostile": "studies/hostile/demo",
    "waiting": "studies/waiting/demo",
    "a run": f"{STUDY}/runs/second-relu-2",
    "a failed run": "studies/hostile/demo/runs/hostile-3",
    "not found": "studies/secnd/demo",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TRAINED = """
from paribus import Factor, Recipe, Study, claims, data, models, optimizers

STUDY = Study(
    name="followed",
    question="Does the page follow?",
    recipe=Recipe(
        data=data.Digits(),
        model=models.MLP(hidden=(16,)),
        optimizer=optimizers.Adam(learning_rate=0.003),
        batch_size=32,
        epochs=4,
    ),
    factors=[Factor("model.activation", {name: name for name in ("relu", "tanh", "sigmoid")})],
    replicates=2,
    claims=[claims.Better("test/accuracy", "relu", "sigmoid")],
)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    lab = tmp_path_factory.mktemp("ui") / "lab"
    with Catalogue.open(lab, create=True) as catalogue:
        fill_all(catalogue)
    with served(lab) as (_, url):
        yield url


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 380])
def test_everybody_can_read_it(browser, site, path, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe is not installed")
    with opened(browser, site + path, width, scheme, bypass_csp=True) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert faint_texts(page) == []
        assert cut_texts(page) == []
        page.evaluate(axe.AXE_SCRIPT)
        options = {"runOnly": RULES, "resultTypes": ["violations"]}
        found = page.evaluate("options => axe.run(options)", options)["violations"]
        assert [(one["id"], one["nodes"][0]["target"]) for one in found] == []


@pytest.mark.parametrize("path", list(PAGES.values())[:-1], ids=list(PAGES)[:-1])
def test_nothing_is_said_under_its_strict_policy(browser, site, path):
    with opened(browser, site + path) as (page, said):
        for fold in page.locator("details summary").all():
            fold.click()
        page.wait_for_timeout(300)
        assert said == []
        assert page.locator("script:not([src])").count() == 0


def test_a_choice_of_conditions_and_metric_stands_in_the_address(browser, site):
    with opened(browser, site + STUDY) as (page, said):
        page.get_by_label("Metric").select_option("train/loss")
        page.get_by_role("group", name="Only activation").get_by_label("relu", exact=True).check()
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**metric=**")
        drawn(page)
        assert query(page) == {"metric": ["train/loss"], "only": ["activation=relu"]}
        assert page.get_by_role("heading", name="Train loss").first.is_visible()
        assert page.locator("[data-figure=chosen-curve-train-loss] .legend button").count() == 1
        assert said == []


def test_conditions_are_compared_by_keyboard_alone(browser, site):
    with opened(browser, site + STUDY) as (page, said):
        page.locator(".choose summary").focus()
        page.keyboard.press("Enter")
        for label in ("relu", "gelu"):
            page.get_by_role("group", name="Conditions to compare").get_by_label(
                label, exact=True
            ).focus()
            page.keyboard.press("Space")
        page.get_by_role("button", name="Show").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**compare=**")
        drawn(page)
        assert query(page)["compare"] == ["relu", "gelu"]
        table = page.get_by_role("region", name="Conditions side by side")
        assert table.get_by_role("columnheader").all_inner_texts()[1:] == ["relu", "gelu"]
        assert said == []


def test_a_slider_stands_in_the_address_and_in_the_picture_that_is_saved(browser, site):
    with opened(browser, f"{site}{STUDY}?metric=gradient/norm") as (page, said):
        slider = page.get_by_label("Epoch", exact=True).first
        figure = slider.get_attribute("data-figure")
        slider.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        until(page, "location.search.includes('epoch-')")
        epoch = slider.get_attribute("aria-valuetext")
        assert query(page)[f"epoch-{figure}"] == [epoch]
        link = page.locator(f"a[data-picture='{figure}']").first.get_attribute("href")
        assert parse_qs(urlsplit(link).query)["epoch"] == [epoch]
        cells = (
            "f => [...document.querySelectorAll(`.chart[data-figure=${f}] path`)]"
            ".map(p => p.getAttribute('fill-opacity')).join()"
        )
        before = page.evaluate(cells, figure)
        page.reload()
        drawn(page)
        assert (
            page.get_by_label("Epoch", exact=True).first.get_attribute("aria-valuetext") == epoch
        )
        assert page.evaluate(cells, figure) == before
        assert said == []


def test_tables_and_figures_are_saved(browser, site, tmp_path):
    with opened(browser, site + STUDY) as (page, _):
        with page.expect_download() as saved:
            page.get_by_role("link", name="CSV of Runs").click()
        assert saved.value.suggested_filename == "second-demo-runs.csv"
        saved.value.save_as(tmp_path / "runs.csv")
        runs = (tmp_path / "runs.csv").read_text("utf-8")
        assert len(list(csv.DictReader(runs.splitlines()))) == 20
        with page.expect_download() as saved:
            page.locator(".downloads").get_by_role("link", name="SVG").first.click()
        saved.value.save_as(tmp_path / "figure.svg")
        assert (tmp_path / "figure.svg").read_text().startswith("<svg")


def test_markup_in_names_is_text(browser, site):
    asked = []
    with opened(browser, f"{site}studies/hostile/demo") as (page, _):
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        page.wait_for_timeout(200)
        assert "<script>alert(1)</script>" in page.inner_text("main")
    assert asked == []


def test_it_follows_a_study_to_its_end(browser, tmp_path):
    lab, file = tmp_path / "lab", tmp_path / "followed.py"
    Catalogue.open(lab, create=True).close()
    file.write_text(TRAINED, encoding="utf-8")
    with served(lab) as (_, url), opened(browser, url) as (page, said):
        training = subprocess.Popen(
            paribus("run", file, "--lab", lab, "--cores", "1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            page.get_by_role("link", name="followed").click(timeout=120_000)
            page.wait_for_selector("#status progress")
            until(page, "document.querySelectorAll('.chart').length > 0", 240)
            until(page, "document.body.dataset.version.startsWith('6-6-0-0-r-')", 240)
            drawn(page)
            assert training.wait(120) == 0
        finally:
            training.kill()
            training.wait()
        assert "6 of 6 runs" in page.inner_text("#status")
        assert page.locator("#status .state").inner_text() == "complete"
        assert page.locator("[data-figure=chosen-curve-test-accuracy] .legend button").count() == 3
        assert page.get_by_role("heading", name="Findings").is_visible()
        assert said == []


def test_a_server_that_ends_is_told(browser, site, tmp_path):
    lab = tmp_path / "lab"
    with Catalogue.open(lab, create=True) as catalogue:
        fill_all(catalogue)
    with served(lab) as (process, url), opened(browser, url + STUDY) as (page, _):
        process.terminate()
        until(page, "document.getElementById('connection').textContent !== ''")
        assert "not answered any more" in page.inner_text("#connection")
