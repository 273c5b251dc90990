"""The page of all studies of a lab, from constructed ones."""

import itertools
import re
import sqlite3
from dataclasses import replace

import pytest

from paribus.claims.findings import findings
from paribus.errors import ParibusError
from paribus.report.collection import chapter, judge_all, render_collection, write_collection
from paribus.results.load import load_results
from paribus.store.catalogue import FILE, Catalogue
from report.example_lab import CLAIMS, claimed, fill, study
from report.test_page import Outline
from results.example_studies import activation_runs


def drawn(catalogue, reports):
    return render_collection([chapter(one, reports) for one in judge_all(catalogue)])


@pytest.fixture(scope="module")
def catalogue():
    with Catalogue.in_memory() as catalogue:
        yield fill(catalogue)


@pytest.fixture(scope="module")
def page(catalogue, tmp_path_factory):
    return Outline(drawn(catalogue, tmp_path_factory.mktemp("reports")))


def test_studies_come_by_report_and_then_by_name(catalogue, page):
    names = [one.entry.name for one in judge_all(catalogue)]
    assert names == ["first", "third", "second", "waiting"]
    parts = re.findall(r"Report [AB] Report [AB]|Other studies", page.text)
    assert parts == ["Report A Report A", "Report B Report B", "Other studies"]


def test_every_claim_stands_with_its_verdict(catalogue, page):
    results = load_results(catalogue, "second", "demo")
    found = findings(results)
    assert [one.verdict for one in found] == ["supported", "refuted", "undecided", "supported"]
    for one in found:
        told = rf"{re.escape(one.claim)}\. registered Evidence {re.escape(one.why)}\."
        assert re.search(rf"{told} {one.verdict}\b", page.text)


def test_marks_say_what_was_registered_and_what_is_ours(page):
    assert "relu reaches a higher test accuracy than tanh. exploratory ours Evidence" in page.text
    assert "their p-values are not corrected" in page.text


def test_an_estimate_stands_with_its_interval_and_n(page):
    found = re.search(
        r"than tanh\. .*? supported ([\d.]+) points ([\d.]+) to ([\d.]+) 5", page.text
    )
    estimate, low, high = map(float, found.groups())
    assert 0 < low < estimate < high < 3


def test_verdicts_are_counted_over_all_claims(page):
    counts = "9 claims 3 supported 1 refuted 1 undecided 4 not testable 4 more claims have no"
    assert counts in page.text
    assert "first demo 1 supported third demo 4 not testable second demo 2 supported" in page.text


def test_the_rule_and_where_correction_ends_are_said(page):
    for words in (
        "A verdict rests on the interval of the paired differences",
        "Correction for many tests is made within each study",
        "not across the studies of this page",
        "intervals of 95 %",
    ):
        assert words in page.text


def test_each_study_says_its_scale_replicates_and_runs(page):
    assert "scale demo · 5 replicates planned · 20 of 20 runs stored" in page.text
    assert "scale demo · 1 replicate planned · 4 of 4 runs stored" in page.text


def test_a_study_without_runs_is_there_with_why(page):
    assert "waiting Which activation" in page.text
    assert "No verdicts on its 4 claims. this lab holds no run of study 'waiting'" in page.text


def test_diverged_and_missing_runs_and_registration_are_told(tmp_path):
    made = study("some", registration={"at": "2026-03-01T12:00:00Z", "ahead": True})
    runs = list(activation_runs(made))
    runs[0] = replace(runs[0], status="diverged", diverged_epoch=3)
    with Catalogue.in_memory() as catalogue:
        catalogue.put_study(made)
        for run in runs[:-2]:
            catalogue.add_run(run)
        text = Outline(drawn(catalogue, tmp_path)).text
    assert "18 of 20 runs stored, 1 of them diverged · registered 2026-03-01 ahead" in text
    assert re.search(r"2 runs not stored: counted, not averaged", text)


def test_another_level_is_said(tmp_path):
    strict = {"at": "2026-03-01T12:00:00Z", "ahead": False, "level": 0.01}
    with Catalogue.in_memory() as catalogue:
        fill(catalogue)
        made = study("strict", registration=strict)
        catalogue.put_study(made)
        for run in activation_runs(made):
            catalogue.add_run(run)
        text = Outline(drawn(catalogue, tmp_path)).text
    assert "intervals of 95 %, intervals of 99 %" in text
    assert "estimate, 99 % interval" in text


def test_confounds_are_told_beside_the_claims_that_they_touch(tmp_path):
    made = study("confounded")
    sizes = {"sigmoid": 16, "tanh": 32, "relu": 32, "gelu": 32}
    facts = {"kind": "field", "factor": "activation", "field": "batch_size", "levels": sizes}
    differences = {"confounds": [facts | {"conditions": []}], "consequences": []}
    made = replace(made, document=made.document | {"differences": differences})
    with Catalogue.in_memory() as catalogue:
        catalogue.put_study(made)
        for run in activation_runs(made):
            catalogue.add_run(run)
        text = Outline(drawn(catalogue, tmp_path)).text
    claims = text.split(". registered ")[1:]
    # Those that compare sigmoid with another; of a claim on each by itself nothing is compared.
    assert [one.startswith("confounded ") for one in claims] == [True, True, False, False]
    assert ["Confounds: these differ too" in one for one in claims] == [True, True, False, False]
    assert "batch size" in claims[0].replace("_", " ")


def test_a_damaged_study_does_not_stop_the_page(tmp_path):
    with Catalogue.open(tmp_path / "lab", create=True) as catalogue:
        fill(catalogue)
    connection = sqlite3.connect(tmp_path / "lab" / FILE)
    connection.execute(
        "UPDATE measurements SET content = zeroblob(length(content)) WHERE run_id = "
        "(SELECT id FROM runs WHERE key = 'second-relu-0')"
    )
    connection.commit()
    connection.close()
    with Catalogue.open(tmp_path / "lab", create=False) as catalogue:
        text = Outline(drawn(catalogue, tmp_path)).text
    assert re.search(r"second .*No verdicts on its 4 claims\. .*damaged", text)
    assert "1 supported 0 refuted 0 undecided 4 not testable 8 more claims have no" in text


def test_a_study_is_linked_to_its_report_only_where_that_is(catalogue, tmp_path):
    (tmp_path / "reports" / "first-demo").mkdir(parents=True)
    (tmp_path / "reports" / "first-demo" / "report.html").touch()
    path = write_collection(catalogue, tmp_path / "reports" / "collection")
    page = Outline(path.read_text(encoding="utf-8"))
    outside = [link["href"] for link in page.named("a") if not link["href"].startswith("#")]
    assert outside == ["../first-demo/report.html"]
    assert (path.parent / outside[0]).is_file()


def test_nothing_is_fetched_and_nothing_runs(page):
    assert page.named("script") == []
    policy = page.named("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; script-src 'none';")
    for _, attrs in page.tags:
        assert not {"src", "srcset", "action"} & set(attrs)
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("href", "#").startswith("#")


def test_page_is_well_formed_and_headings_are_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs}
    linked = {link["href"].removeprefix("#") for link in page.named("a")}
    assert named | linked <= set(ids)
    assert len(page.named("table")) == len(page.named("caption")) == 3


HOSTILE = (
    '</style></title><script>alert("x")</script><img src=x onerror=alert(1)> {{ 7 * 7 }} &amp;'
)


def test_hostile_text_is_text(tmp_path):
    claims = claimed(*CLAIMS)
    claims[0]["sentence"] = HOSTILE
    made = study(
        HOSTILE, claims=claims, question=HOSTILE, source=HOSTILE, report=HOSTILE, scale=HOSTILE
    )
    with Catalogue.in_memory() as catalogue:
        catalogue.put_study(replace(made, scale=HOSTILE))
        for run in activation_runs(made):
            catalogue.add_run(run)
        page = Outline(drawn(catalogue, tmp_path))
    assert page.named("script") == page.named("img") == []
    assert page.text.count(HOSTILE) >= 5
    assert {tag for tag, _ in page.tags} <= KNOWN_TAGS


KNOWN_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "article"),
    *("h1", "h2", "h3", "p", "ul", "li", "b", "strong", "span", "div", "a", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
}


def test_home_folders_are_not_shown(tmp_path):
    with Catalogue.in_memory() as catalogue:
        catalogue.put_study(study("one", question="Of /home/ada/images?", report="/home/ada"))
        page = drawn(catalogue, tmp_path)
    assert "ada" not in page
    assert "~/images" in page


def test_a_lab_without_claims_has_a_page(tmp_path):
    with Catalogue.in_memory() as catalogue:
        assert "0 studies" in drawn(catalogue, tmp_path)
        made = study("silent", claims=[])
        catalogue.put_study(made)
        for run in activation_runs(made):
            catalogue.add_run(run)
        text = Outline(drawn(catalogue, tmp_path)).text
    assert "1 study" in text
    assert "This study declares no claims." in text


def test_a_folder_that_cannot_be_written_is_told(catalogue, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ParibusError, match=r"cannot write .*collection\.html: .* Choose a folder"):
        write_collection(catalogue, tmp_path / "file")
