"""A headless browser, and the reports of three built-in studies that are really trained."""

import pytest
from filelock import FileLock

from browser.pages import CHROMIUM, FLAGS
from paribus import studies
from paribus.data.base import Source
from paribus.report.page import render
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan

TRAINED = ("fashion-architectures", "vanishing-gradient", "optimization-path")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no chromium to open pages with")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory, worker_id):
    """A lab that all processes of one run of the tests have in common."""
    own = tmp_path_factory.getbasetemp()
    lab = (own if worker_id == "master" else own.parent) / "browser-lab"
    lab.mkdir(exist_ok=True)
    return lab


@pytest.fixture(scope="module", params=TRAINED)
def trained(request, browser, lab):
    """The report of a study at its demo scale, trained once for all modules and processes."""
    path = lab / f"{request.param}.html"
    with FileLock(lab / f"{request.param}.lock"):
        if not path.exists():
            (study,) = (one for one in studies.ALL if one.name == request.param)
            outcome = run_plan(make_plan(study.at("demo"), Source()), RunOptions(lab=lab))
            path.write_text(render(outcome.results()), encoding="utf-8")
    return path
