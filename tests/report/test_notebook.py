"""What notebooks show of studies, plans, results and findings."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from paribus import Factor, Recipe, Study, claims, data, models, optimizers
from paribus.claims.findings import Findings
from paribus.errors import NothingStoredError, UnknownNameError
from paribus.report.notebook import MOST_CONDITIONS, plan_html
from paribus.results.tidy import tidy
from report.example_lab import study
from results.example_studies import activation_runs

EVIL = "<script>alert(1)</script>"


def declared(**fields):
    given = {
        "name": "rates",
        "question": "Is the higher rate better?",
        "recipe": Recipe(
            data=data.Digits(),
            model=models.MLP(hidden=(8,)),
            optimizer=optimizers.SGD(learning_rate=0.1),
            batch_size=64,
            epochs=1,
        ),
        "factors": [Factor("optimizer.learning_rate", {"low": 0.01, "high": 0.3})],
        "claims": [claims.Better("test/accuracy", "high", "low", margin=0.01)],
        "replicates": 2,
    }
    return Study(**(given | fields))


class Page(HTMLParser):
    """Whether tags are closed in order, and which there are."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in {"br", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def text_of(html):
    without_style = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", without_style).split())


def example_results(**document):
    made = study("activations", **document)
    return tidy(made, activation_runs(made))


def fragments():
    results = example_results()
    found = (declared(), declared().plan(), results, Findings.of(results))
    return [pytest.param(one, id=type(one).__name__) for one in found]


@pytest.mark.parametrize("shown", fragments())
def test_a_fragment_is_whole_and_asks_for_nothing(shown):
    html = shown._repr_html_()
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"(?i)https?:|url\(|@import| on\w+=", html)
    assert page.tags.count("style") == 1
    assert html.startswith('<div class="paribus">')


@pytest.mark.parametrize("shown", fragments())
def test_the_style_reaches_nothing_outside(shown):
    style = re.search(r"<style>(.*?)</style>", shown._repr_html_(), re.DOTALL)[1]
    outside = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    assert outside.strip().startswith(".paribus.paribus.paribus {")
    depth = 0
    for place, character in enumerate(outside.rstrip()):
        depth += (character == "{") - (character == "}")
        assert depth > 0 or place < outside.index("{") or place == len(outside.rstrip()) - 1


def test_a_study_says_what_varies_and_what_is_expected():
    text = text_of(declared()._repr_html_())
    assert "2 conditions in 2 replicates: 4 runs" in text
    assert "learning_rate high optimizer.learning_rate = 0.3" in text
    assert "high reaches a higher test accuracy than low, by more than 1 point" in text
    assert "sgd: learning rate varies" in text
    assert "Confounds" not in text


def test_confounds_are_shown_with_study_and_plan():
    confounded = declared(
        factors=[Factor("batch_size", [32, 256])],
        claims=[],
    )
    for shown in (confounded, confounded.plan()):
        assert "optimizer updates by `batch_size`" in text_of(shown._repr_html_())


def test_a_plan_says_how_much_there_is():
    text = text_of(declared().plan()._repr_html_())
    assert "4 runs in 1 cohort, 92 optimizer steps in all." in text
    assert "low 2 610 23 high 2 610 23" in text


def test_of_a_long_plan_the_first_conditions_are_shown():
    document = declared().at().document()
    lines = [(f"level {number}", "1", "2", "3") for number in range(MOST_CONDITIONS + 2)]
    text = text_of(plan_html(document, lines, []))
    assert f"level {MOST_CONDITIONS - 1} " in text
    assert f"level {MOST_CONDITIONS} " not in text
    assert "2 more are not shown" in text


def test_results_and_findings_are_told_as_in_the_report():
    results = example_results()
    assert "Of 4 conditions" in text_of(results._repr_html_())
    findings = Findings.of(results)
    text = text_of(findings._repr_html_())
    assert len(findings) == 4
    assert list(findings)[1:] == list(findings[1:])
    for one in findings:
        assert one.claim in text
        assert one.verdict in text
    assert "4 claims" in text


def test_a_study_that_claims_nothing_has_no_findings():
    found = Findings.of(example_results(claims=[]))
    assert len(found) == 0
    assert "claims nothing" in text_of(found._repr_html_())


def test_what_a_study_says_is_text():
    evil = declared(
        question=EVIL,
        factors=[Factor("optimizer.learning_rate", {EVIL: 0.01, "high": 0.3})],
        claims=[claims.Better("test/accuracy", "high", EVIL, wording=EVIL)],
    )
    named = example_results(question=EVIL)
    for shown in (evil, evil.plan(), named, Findings.of(named)):
        html = shown._repr_html_()
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_what_a_lab_holds_is_read_from_python(tmp_path):
    lab = str(tmp_path / "lab")
    one = declared()
    one.run(lab=lab)
    assert len(one.results(lab=lab).runs) == 4
    assert [found.registered for found in one.findings(lab=lab)] == [True]
    with pytest.raises(UnknownNameError, match="others"):
        declared(name="others").results(lab=lab)


def test_a_study_without_runs_has_no_results(tmp_path):
    with pytest.raises((NothingStoredError, UnknownNameError)):
        declared().results(lab=str(tmp_path))


def test_showing_a_plan_does_not_start_the_backend():
    code = (
        "import jax._src.xla_bridge as bridge\n"
        "from paribus import studies\n"
        "study = studies.named('activations')\n"
        "study._repr_html_(), study.plan()._repr_html_()\n"
        "assert not bridge.backends_are_initialized()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
