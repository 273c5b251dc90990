"""A study with hostile labels, run for real; its report and chart open and only show them."""

import pytest

from browser.pages import opened
from hostile import example_texts as texts
from paribus import Factor, claims
from paribus.data.base import Source
from paribus.report.write import write_report
from paribus.study.options import RunOptions
from paribus.study.plan import make_plan
from paribus.study.run import run_plan
from study.example_study import tiny_study

LABELS = (texts.SCRIPTS[0], texts.SCRIPTS[1], "{{ 7 * 7 }}", "a|b`c`$x$ & [red]")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    nasty = " ".join((*texts.SCRIPTS, *texts.MARKS[:4], texts.HALF))
    rates = dict(zip(LABELS, (0.01, 0.03, 0.1, 0.3), strict=True))
    study = tiny_study(
        question=nasty,
        notes=(nasty,),
        factors=[Factor("optimizer.learning_rate", rates, name='../"><b>rate')],
        claims=[claims.Better("test/accuracy", LABELS[3], LABELS[0], wording=nasty)],
    )
    folder = tmp_path_factory.mktemp("hostile")
    plan = make_plan(study.at(), Source())
    outcome = run_plan(plan, RunOptions(lab=folder / "lab", cores=1))
    return write_report(outcome.results(), folder / "report")


# Without its policy too, which would stop what got through.
@pytest.mark.parametrize("bypass", [False, True], ids=["policy", "no policy"])
def test_no_script_runs_and_labels_are_text(browser, report, bypass):
    with opened(browser, report, bypass_csp=bypass) as (page, said, asked):
        assert said == []
        assert asked == [report.as_uri()]
        assert page.evaluate("document.scripts.length") == 3
        assert (
            page.evaluate("document.querySelectorAll('img, b, [onload], [onerror]').length") == 0
        )
        shown = page.inner_text("body")
        for label in LABELS:
            assert label in shown


def test_charts_lie_in_their_folder(report):
    charts = list((report.parent / "charts").rglob("*"))
    assert charts
    assert all(chart.is_file() and chart.parent.name == "charts" for chart in charts)
    assert not any("<script" in one.read_text() for one in charts if one.suffix == ".svg")
