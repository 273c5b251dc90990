import base64
import dataclasses
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from paribus.claims.pairs import Better
from paribus.figures import LayerHeatmap
from paribus.outgoing import shareable
from paribus.report.contents import Contents
from paribus.report.library import chart_library
from paribus.report.page import render, script_json
from paribus.report.pages import packaged
from paribus.report.write import write_report
from paribus.results.tidy import tidy
from report.claimed_studies import claimed, noted
from report.example_figures import depths
from results.example_studies import (
    ACTIVATIONS,
    activation_runs,
    activations,
    diverging,
    entry,
    provenance,
    regression,
    stored,
    widths,
)


class Outline(HTMLParser):
    """What a page is made of: tags with attributes, headings, and text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.words, self.scripts = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts[-1] += data
        elif "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def page():
    return Outline(render(diverging()))


def test_nothing_is_fetched(page):
    for _, attrs in page.tags:
        assert not {"src", "srcset", "action"} & set(attrs)
        assert attrs.get("href", "#").startswith("#")
    policy = page.named("meta")[1]["content"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_policy_names_the_scripts_by_hash(page):
    policy = page.named("meta")[1]["content"]
    for script in page.scripts[1:]:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert len(page.scripts) == 3


def test_chart_library_can_stand_in_a_script_element():
    library = chart_library()
    assert "</script" not in library
    assert "<!--" not in library
    assert "vegaEmbed" in library


def test_page_is_well_formed_and_headings_are_in_order(page):
    assert page.named("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert len(page.named("table")) == len(page.named("caption")) == 4
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_the_table_has_a_row_per_condition_with_mean_and_interval(page):
    assert re.search(r"relu 96\.3 95\.7 to 97\.0 4 1 .* 118,282 gelu", page.text)
    assert "Mean over finished replicates at the last epoch" in page.text


def test_every_part_is_there(page):
    for words in (
        "Which activation trains best",
        "What varies",
        "What is held equal",
        "optimizer adamw: learning rate 0.0003, weight decay 0.001, schedule (constant)",
        "model mlp: hidden 128, 64, activation varies, bias yes",
        "model.activation = tanh",
        "train 1,197, validation 300, test 300 examples",
        "Training 2 min 5 s in all, 6.25 s per run (mean of 20 runs)",
        "Data fingerprint sha256:5f1c0ffee",
        "2026-03-01T12:00:00Z to 2026-03-01T12:04:09Z",
        "paribus run activations --scale demo",
        "20 of 20 planned runs are stored",
        "5 replicates planned per condition, 4 to 5 averaged",
    ):
        assert words in page.text
    assert "Not all runs were made alike" not in page.text


def test_each_chart_has_its_specification(page):
    specs = json.loads(page.scripts[0])
    charts = [a for a in page.named("div") if a.get("class") == "chart"]
    assert {chart["data-figure"] for chart in charts} == set(specs)
    assert len(charts) == sum(len(spec["panels"]) for spec in specs.values())


def test_runs_of_different_machines_are_pointed_out():
    study = entry([ACTIVATIONS], 2)
    runs = [
        dataclasses.replace(run, provenance=provenance(0, device="gpu", jax="0.9.1"))
        if run.replicate
        else run
        for run in activation_runs(study)
    ]
    text = Outline(render(tidy(study, runs), Contents())).text
    assert "difference between conditions may come from there too: JAX, Device." in text
    assert "Device cpu: Example 3000 | gpu" in text


def test_reported_numbers_stand_beside_ours():
    reported = {
        "metric": "test/accuracy",
        "values": {"sigmoid": 0.9, "relu": 0.9512},
        "source": "Table 3",
    }
    text = Outline(render(activations(2, reported=reported), Contents())).text
    assert "reported test accuracy (%)" in text
    assert re.search(r"relu \S+ \S+ to \S+ 95\.12 2 0 ", text)
    assert re.search(r"tanh \S+ \S+ to \S+ \u2014 2 0 ", text)
    assert "Reported: Table 3." in text


def test_several_metrics_can_have_reported_numbers():
    reported = [
        {"metric": "test/accuracy", "values": {"relu": 0.9512}, "source": "Table 3"},
        {"metric": "test/recall", "values": {"relu": 0.95}, "source": "Table 3"},
        {"metric": "test/f1", "values": {"relu": 0.9}, "source": "Table 4"},
    ]
    text = Outline(render(activations(2, reported=reported), Contents())).text
    assert text.count("reported test") == 3
    ours = r"\S+ \S+ to \S+"
    wanted = rf"relu {ours} 95\.12 2 0 {ours} 95 \u2014 not measured 0\.9 {ours}"
    assert re.search(wanted, text)
    assert text.count("Reported: Table 3.") == 1


@pytest.fixture(scope="module")
def told():
    """A page with a registered claim of a source, an exploratory one of ours, and confounds."""
    claims = [
        noted(Better("test/accuracy", "a", "b", margin=0.01)),
        noted(Better("test/accuracy", "b", "c", ours=True), registered=False),
    ]
    values = {"a": [0.90, 0.91, 0.92], "b": [0.80, 0.83, 0.81], "c": [0.905, 0.90, 0.925]}
    confound = {
        "kind": "field",
        "factor": "way",
        "field": "batch_size",
        "levels": {"a": 32, "b": 64, "c": 64},
        "conditions": [],
        "acknowledged": "memory is short",
    }
    differences = {"confounds": [confound], "consequences": []}
    document = {"source": "Report B", "differences": differences}
    return Outline(render(claimed(values, claims, **document)))


def test_findings_come_first_with_verdict_and_evidence(told):
    text = told.text
    for words in (
        "1 claim of the source: 1 supported; 1 of our own: 1 refuted.",
        "The source\u2019s claim 1 a reaches a higher test accuracy than b, by more than 1 point.",
        "supported +9.67 points a is 9.67 points above b in test accuracy (95 % interval",
        "Our claim 2",
        "refuted \u22129.67 points exploratory ours",
        "Numbers of claim 1",
        "Registered when it was first run, at 2026-03-01T11:59:00Z, digest 0123456789ab",
        "Not only the declared factor differs here:",
        "batch_size is 32 at a, 64 at b (acknowledged: memory is short)",
        "What else differs Confounds",
        "test examples alone leave the test accuracy of one network open",
    ):
        assert words in text
    order = ["Findings", "Differences between conditions", "What else differs", "Means"]
    places = [text.index(f" {heading} ") for heading in order]
    assert places == sorted(places)
    assert "overlap" not in text


def test_figures_of_findings_are_drawn_on_the_page(told):
    drawn = [attrs["data-figure"] for attrs in told.named("div") if "data-panel" in attrs]
    assert drawn[:2] == ["forest-test-accuracy", "pairs"]
    assert set(drawn) <= set(json.loads(told.scripts[0]))


def test_links_lead_to_places_on_the_page(told):
    ids = [attrs["id"] for _, attrs in told.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"] for attrs in told.named("a")]
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(ids)


def test_every_region_has_a_name_of_its_own(told):
    names = [attrs["aria-label"] for attrs in told.named("div") if attrs.get("role") == "region"]
    assert len(names) == len(set(names)) >= 4


def test_without_claims_the_result_stands_alone():
    text = Outline(render(activations(2, claims=[]), Contents())).text
    assert " Findings " not in text
    assert " Result " in text


def test_a_claim_stays_text():
    nasty = "</script><img src=x onerror=alert(2)> & <b>"
    claim = noted(Better("test/accuracy", "a", nasty), sentence=nasty)
    note = {"registration": {"digest": "", "note": nasty, "level": 0.05}}
    page = Outline(
        render(claimed({"a": [0.9, 0.8, 0.7], nasty: [0.5, 0.6, 0.7]}, [claim], **note))
    )
    assert page.named("img") == page.named("b") == []
    assert len(page.scripts) == 3
    assert page.text.count(nasty) >= 4


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
@pytest.mark.parametrize("name", ["supported", "refuted", "undecided", "quiet"])
def test_verdicts_can_be_read_in_both_schemes(scheme, name):
    style = packaged("report.css")
    ink = re.findall(rf"--{name}: (#[0-9a-f]{{6}});", style)[scheme]
    paper = re.findall(r"--paper: (#[0-9a-f]{6});", style)[scheme]
    dim, bright = sorted((luminance(ink), luminance(paper)))
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_analyses_are_named():
    analyses = [{"kind": "path", "name": "path", "components": 2}]
    text = Outline(render(activations(2, analyses=analyses), Contents())).text
    assert "Analyses of several runs path: name path, components 2" in text


def test_an_epoch_slider_has_a_label_and_says_its_value():
    figure = LayerHeatmap(metric="gradient/norm", factor="depth")
    page = Outline(render(depths(figures=[figure.as_json()])))
    (slider,) = page.named("input")
    assert (slider["type"], slider["aria-valuetext"], slider["max"]) == ("range", "10", "10")
    labels = [attrs["for"] for attrs in page.named("label")]
    assert labels == [slider["id"]]


def test_what_a_user_typed_stays_text():
    nasty = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    factor = {"name": nasty, "labels": [nasty, "b"], "sets": {nasty: {"x": nasty}}}
    study = entry([factor], 1, question=nasty, description=nasty, name=nasty)
    labelled = [
        stored(m, next(activation_runs(entry([ACTIVATIONS], 1))).measurements)
        for m in study.members
    ]
    page = Outline(render(tidy(study, labelled)))
    assert page.named("img") == []
    assert len(page.scripts) == 3
    assert nasty in page.text


def test_script_json_closes_nothing():
    text = script_json({"a": "</script><!-- & \u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!-- & \u2028"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ada/data/x", "~/data/x"),
        ("see /Users/ada.l/x and /data", "see ~/x and /data"),
        (r"C:\Users\ada\x", r"~\x"),
        (str(Path.home() / "lab"), "~/lab"),
        ("/homework/ada", "/homework/ada"),
    ],
)
def test_home_folders_are_hidden(text, shown):
    assert shareable({"a": [text]}) == {"a": [shown]}


def test_no_home_folder_reaches_a_page():
    recipe = {"data": {"kind": "image_folder", "path": "/home/ada/digits"}}
    study = entry([ACTIVATIONS], 1, recipe=recipe, description="from /home/ada/notes")
    runs = [
        dataclasses.replace(run, provenance=provenance(device="/home/ada/device"))
        for run in activation_runs(study)
    ]
    page = render(tidy(study, runs), Contents())
    assert "ada/" not in page
    assert "~/digits" in page


@pytest.mark.parametrize(
    "results",
    [
        activations(1),
        regression(),
        tidy(entry([ACTIVATIONS], 1), []),
        tidy(
            entry([ACTIVATIONS], 1),
            [
                stored(m, (), status="diverged", diverged_epoch=1)
                for m in entry([ACTIVATIONS], 1).members
            ],
        ),
        tidy(
            entry([], 3),
            [
                stored(m, next(activation_runs(entry([ACTIVATIONS], 1))).measurements)
                for m in entry([], 3).members
            ],
        ),
    ],
    ids=["one replicate", "regression", "nothing stored", "all diverged", "no factors"],
)
def test_every_kind_of_study_has_a_page(results):
    assert "<h1>" in render(results)


def test_many_conditions_stay_under_4_mb():
    assert len(render(widths())) < 4e6


def test_write_report_leaves_page_and_charts_and_nothing_else(tmp_path):
    folder = tmp_path / "new" / "report"
    path = write_report(regression(), folder)
    assert path == folder / "report.html"
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert sorted(p.name for p in folder.iterdir()) == ["charts", "report.html"]
    assert len(list((folder / "charts").iterdir())) == 6
