import dataclasses
from typing import get_args

import pytest

from paribus import figures as declare
from paribus.report.declared import DRAWN, exhibits
from paribus.report.exhibits import Absent, Sheet
from paribus.report.figures import Figure, file_spec, page_specs, save_charts
from paribus.report.page import render
from paribus.results.tidy import tidy
from report import example_figures as examples
from results.example_studies import ACTIVATIONS, activations, diverging, entry, regression

SPLITS = ("train/loss", "test/loss", "train/accuracy", "test/accuracy")
CASES = {
    "final": (examples.architectures, declare.FinalValues(metric="test/accuracy")),
    "chosen": (
        examples.architectures,
        declare.FinalValues(metric="test/accuracy", conditions=("12", "0", "6", "9")),
    ),
    "curves": (examples.functions, declare.LearningCurves(metric="train/loss", log=True)),
    "layers": (examples.depths, declare.LayerCurves(metric="gradient/norm")),
    "signed": (examples.depths, declare.LayerHeatmap(metric="gradient/mean", factor="depth")),
    "norms": (examples.depths, declare.LayerHeatmap(metric="gradient/norm", factor="depth")),
    "parameters": (examples.hidden_units, declare.AgainstParameters(metrics=SPLITS)),
    "labelled": (
        examples.architectures,
        declare.AgainstParameters(metrics=("test/accuracy",), conditions=("7", "8", "6")),
    ),
    "levels": (
        examples.batch_sizes,
        declare.AgainstLevels(
            metrics=(*SPLITS, "sensitivity/test"), factor="batch_size", log=True
        ),
    ),
    "gap": (
        examples.hidden_units,
        declare.AgainstLevels(metrics=("gap/accuracy",), factor="hidden"),
    ),
    "tolerances": (
        examples.minimal_ratios,
        declare.Along(
            metric="hessian/minimal_ratio_over_tolerance", axis="tolerance", log_axis=True
        ),
    ),
    "iterations": (
        examples.minimal_ratios,
        declare.Along(metric="phase/loss", axis="iteration", log=True),
    ),
    "runs": (
        examples.minimal_ratios,
        declare.RunScatter(
            x="train/loss",
            y="hessian/minimal_ratio",
            log_x=True,
            unless="phase/converged",
            unless_label="not converged",
        ),
    ),
    "functions": (examples.functions, declare.FittedFunctions()),
    "paths": (examples.paths, declare.PathScatter()),
    "points": (examples.paths, declare.PathTable()),
    "lines": (examples.lines, declare.LineCurves()),
    "scan": (examples.scan, declare.StallDepths()),
    "times": (examples.timed, declare.EpochTimes()),
    "computed": (examples.timed, declare.Computed(quantities=("time/epoch_seconds",))),
    "columns": (
        examples.functions,
        declare.Columns(metrics=("epochs/trained", "train/loss")),
    ),
    "confusion": (activations, declare.Confusion()),
}


def declared(make, *figures, **document):
    return make(figures=[one.as_json() for one in figures], **document)


def shown(make, *figures):
    return exhibits(declared(make, *figures))


def named_data(spec):
    """Names of all data sets that a specification asks for, however deep."""
    if isinstance(spec, dict):
        own = [spec["data"]["name"]] if "name" in spec.get("data", {}) else []
        return own + [name for part in spec.values() for name in named_data(part)]
    if isinstance(spec, list):
        return [name for part in spec for name in named_data(part)]
    return []


def test_every_kind_of_figure_can_be_drawn():
    kinds = set(get_args(get_args(declare.AnyFigure)[0]))
    assert kinds == set(DRAWN)
    assert kinds == {type(figure) for _, figure in CASES.values()}


@pytest.mark.parametrize("name", CASES)
def test_figures_are_valid_and_hold_their_data(name):
    make, figure = CASES[name]
    found = shown(make, figure)
    assert found
    for one in found:
        assert not isinstance(one, Absent), one
        assert len(one.note) > 20
        if isinstance(one, Sheet):
            assert {len(row) for row in one.rows} == {len(one.heads)}
            continue
        for panel in one.panels:
            assert panel.chart.to_dict(validate=True)["layer"]
        for spec in page_specs(one):
            assert set(named_data(spec)) <= set(one.data)
            assert named_data(spec)
        assert any(one.data.values())
        assert one.note in file_spec(one)["title"]["subtitle"] or one.note in one.description


@pytest.mark.parametrize("name", CASES)
def test_the_page_holds_what_is_drawn(name):
    make, figure = CASES[name]
    page = render(declared(make, figure))
    for one in shown(make, figure):
        assert one.title.split(" (")[0].replace("'", "&#39;") in page
    assert "Figures and tables" in page


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_measured_is_said_to_be_absent(name):
    _, figure = CASES[name]
    if figure.kind in ("learning_curves",):
        figure = declare.LearningCurves(metric="sensitivity/test")
    bare = tidy(entry([ACTIVATIONS], 2, figures=[figure.as_json()]), [])
    (absent,) = exhibits(bare)
    assert isinstance(absent, Absent)
    assert absent.missing
    assert f"is not shown: {absent.missing}".replace("'", "&#39;") in render(bare)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("make", [regression, diverging])
def test_no_figure_fails_on_another_study(name, make):
    _, figure = CASES[name]
    results = make()
    document = dict(results.document) | {"figures": [figure.as_json()]}
    for one in exhibits(dataclasses.replace(results, document=document)):
        assert one.title


def test_absent_says_which_metrics():
    (absent,) = shown(regression_like, declare.Columns(metrics=("gap/accuracy", "a/b")))
    assert (absent.title, absent.missing) == (
        "Columns of gap/accuracy, a/b",
        "not measured: gap/accuracy, a/b",
    )


def regression_like(**document):
    results = regression()
    return dataclasses.replace(results, document=dict(results.document) | document)


@pytest.mark.parametrize(
    "content", [{"kind": "holograms"}, {"kind": "final_values"}, {}, {"kind": "along", "axis": 3}]
)
def test_a_figure_of_another_version_is_absent(content):
    results = activations(2, figures=[content])
    (absent,) = exhibits(results)
    assert isinstance(absent, Absent)
    assert "does not know how it is drawn" in absent.missing
    assert absent.missing in render(results)


def test_titles_and_remarks_of_the_study_stand_beside_the_usual_ones():
    figure = declare.FinalValues(metric="test/accuracy", title="Funnels", remark="As reported")
    (one,) = shown(activations, figure)
    assert one.title == "Funnels"
    assert one.note.startswith("Test accuracy at the last epoch. ")
    assert one.note.endswith(" As reported.")


def test_no_two_files_have_one_name(tmp_path):
    figure = declare.FinalValues(metric="test/accuracy", conditions=("12", "0"))
    found = shown(examples.architectures, figure, figure, figure)
    assert len({one.name for one in found}) == 3
    assert len(save_charts(found, tmp_path, ["svg"])) == 3


def test_without_declarations_the_usual_figures_are_shown():
    names = [one.name for one in exhibits(activations(2, figures=[]))]
    assert names == [one.name for one in exhibits(activations(2))]
    assert names[0] == "final-test-accuracy"


@pytest.mark.parametrize("name", ["signed", "lines", "scan", "paths", "functions"])
def test_files_have_the_key_and_nothing_of_the_page(name, tmp_path):
    make, figure = CASES[name]
    figures = [one for one in shown(make, figure) if isinstance(one, Figure)]
    for path in save_charts(figures, tmp_path, ["svg"]):
        svg = path.read_text("utf-8")
        assert "currentColor" not in svg
        for one in figures[:1]:
            for swatch in one.key:
                assert f">{swatch.label}</text>" in svg or swatch.label in svg


@pytest.mark.parametrize("name", CASES)
def test_numbers_that_are_not_finite_break_nothing(name):
    make, figure = CASES[name]
    results = declared(make, figure)
    analyses = {
        name: dataclasses.replace(one, values=one.values * float("nan"))
        for name, one in results.analyses.items()
    }
    half = results.metrics.assign(
        value=results.metrics["value"].where(results.metrics["replicate"] == 0)
    )
    layers = results.layers.assign(value=float("inf"))
    broken = dataclasses.replace(results, metrics=half, layers=layers, analyses=analyses)
    assert "<h1>" in render(broken)


def test_a_figure_may_keep_to_some_labels():
    panels = {}
    for at in ({}, {"activation": "relu"}, {"unknown": "label"}):
        heatmap = declare.LayerHeatmap(metric="gradient/norm", factor="depth", at=at)
        (found,) = shown(examples.depths, heatmap)
        panels[str(at)] = [panel.title for panel in found.panels]
    whole, part, ignored = panels.values()
    assert len(whole) > 1
    assert len(part) == 1
    assert ignored == whole
