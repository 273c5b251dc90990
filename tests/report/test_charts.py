import json

import pytest

from paribus.report.charts import charts
from paribus.report.curves import layer_curves, learning_curves
from paribus.report.figures import PANEL, file_spec, page_specs, save_charts
from paribus.report.finals import final_figure, parameter_figure
from paribus.report.layout import layout_of
from paribus.report.theme import ACCENT
from paribus.results.table import table
from report.example_figures import words
from results.example_studies import activations, diverging, grid, regression, widths


def data(figure, end):
    return next(rows for name, rows in figure.data.items() if name.endswith(end))


def test_curves_hold_means_and_intervals_of_finished_runs():
    results = diverging()
    figure = learning_curves(results, "test/accuracy")
    last = [row for row in data(figure, "mean") if row["epoch"] == 20]
    for row, wanted in zip(last, table(results), strict=True):
        assert row["mean"] == pytest.approx(100 * wanted["mean"], rel=1e-4)
        assert row["low"] == pytest.approx(100 * wanted["low"], rel=1e-4)
        assert row["n"] == wanted["n"]


def test_a_diverged_run_is_drawn_alone_up_to_its_end():
    ends = data(learning_curves(diverging(), "test/accuracy"), "diverged")
    assert {row["label"] for row in ends} == {"relu"}
    assert [row["epoch"] for row in ends if row["last"]] == [6]
    assert "diverged runs" in learning_curves(diverging(), "test/accuracy").note
    assert "diverged" not in learning_curves(activations(2), "test/accuracy").note


def test_one_replicate_has_no_band_and_says_so():
    figure = learning_curves(activations(1), "test/accuracy")
    assert {row["low"] for row in data(figure, "mean")} == {None}
    assert figure.note.startswith("One replicate per condition: no interval.")


def test_a_metric_not_measured_has_no_figure():
    assert learning_curves(regression(), "batch/loss") is None
    assert layer_curves(regression(), "gradient/norm") is None


def test_final_figure_has_every_replicate_and_names_diverged_runs():
    figure = final_figure(diverging(), "test/accuracy")
    assert len(data(figure, "dots")) == 19
    assert [row["name"] for row in data(figure, "points")][2] == "relu (1 diverged)"


def test_drawn_intervals_of_shares_end_at_100():
    points = data(final_figure(widths(), "test/accuracy"), "points")
    assert max(point["high"] for point in points) == 100
    assert any("to 10" in point["shown"] for point in points)


def test_parameters_are_drawn_only_where_they_differ():
    assert parameter_figure(activations(2), "test/accuracy") is None
    assert len(data(parameter_figure(widths(), "test/accuracy"), "points")) == 16


@pytest.mark.parametrize(
    ("make", "series", "panels", "context"),
    [(activations, 4, 1, False), (grid, 4, 3, False), (widths, 16, 16, True)],
)
def test_layout_keeps_many_conditions_apart(make, series, panels, context):
    layout = layout_of(make())
    assert (len(layout.series), len(layout.panels), layout.context) == (series, panels, context)


def test_a_panel_among_many_does_not_grow_with_their_number():
    few, many = (learning_curves(words(count), "test/loss") for count in (10, 30))
    assert (len(few.panels), len(many.panels)) == (10, 30)
    assert page_specs(many)[:10] == page_specs(few)
    assert file_spec(many)["concat"][:10] == file_spec(few)["concat"]


@pytest.mark.parametrize("make", [widths, grid])
def test_panels_of_curves_share_a_chart_and_hold_no_data(make):
    results = make()
    figures = [learning_curves(results, "test/loss"), layer_curves(results, "gradient/norm")]
    for figure in figures:
        assert len({id(panel.chart) for panel in figure.panels}) == 1 < len(figure.panels)
        for spec in (*page_specs(figure), *file_spec(figure)["concat"]):
            held = [part["data"] for part in (spec, *spec["layer"]) if "data" in part]
            assert all(one.keys() == {"name"} for one in held)


def test_a_panel_among_many_shows_its_own_series():
    figure = learning_curves(widths(), "test/loss")
    for panel, spec in zip(figure.panels, page_specs(figure), strict=True):
        faint, *own = spec["layer"]
        assert "transform" not in faint
        scales = [
            one["encoding"][c]["scale"]
            for one in own
            for c in ("fill", "stroke")
            if c in one["encoding"]
        ]
        assert scales == [{"domain": [panel.title], "range": [ACCENT]}] * 4
        for layer in own:
            assert layer["transform"][0]["filter"] == {"field": "panel", "equal": panel.title}
        assert json.dumps(PANEL) not in json.dumps(spec)


@pytest.mark.parametrize("make", [activations, diverging, grid, regression])
def test_every_data_set_named_in_a_panel_is_there(make):
    for figure in charts(make()):
        for spec in page_specs(figure):
            assert spec["width"] == "container"
            held = [part["data"]["name"] for part in (spec, *spec["layer"]) if "data" in part]
            assert held
            assert set(held) <= set(figure.data)


@pytest.mark.parametrize("make", [activations, diverging, grid, regression])
def test_panels_are_valid_vega_lite(make):
    for figure in charts(make()):
        for panel in figure.panels:
            assert panel.chart.to_dict(validate=True)["layer"]


def test_note_and_description_state_n_and_interval():
    for figure in charts(activations(3)):
        assert "n\u00a0=\u00a03 replicates" in figure.note
        assert figure.note in figure.description
    curves = learning_curves(activations(3), "test/loss")
    assert "95 % intervals" in curves.note


def test_files_are_pictures_on_white(tmp_path):
    files = save_charts(charts(regression()), tmp_path)
    names = {"final-test-loss", "curve-test-loss", "curve-train-loss"}
    assert {file.name for file in files} == {f"{n}.{s}" for n in names for s in ("svg", "png")}
    for file in files:
        content = file.read_bytes()
        if file.suffix == ".png":
            assert content.startswith(b"\x89PNG")
        else:
            assert b'fill="#ffffff"' in content
            assert b"currentColor" not in content
            assert b"Student" in content


def test_curves_in_files_have_a_legend_and_those_of_the_page_do_not(tmp_path):
    figure = learning_curves(activations(2), "test/accuracy")
    save_charts([figure], tmp_path, ["svg"])
    svg = (tmp_path / f"{figure.name}.svg").read_text("utf-8")
    for series in figure.series:
        assert svg.count(f">{series.label}</text>") == 1
        assert f'stroke="{series.colour}"' in svg
    channels = [c for layer in page_specs(figure)[0]["layer"] for c in layer["encoding"].values()]
    assert {str(c.get("legend")) for c in channels if isinstance(c, dict)} == {"None"}


def test_file_spec_is_without_home_folders():
    figure = final_figure(activations(2), "test/accuracy")
    data(figure, "points")[0]["label"] = "/home/ada/digits"
    assert "ada" not in str(file_spec(figure))
