import dataclasses
import itertools
import math

import numpy as np
import pytest

from paribus.figures import RunScatter
from paribus.report.against import against_levels, against_parameters
from paribus.report.along import along
from paribus.report.axes import spanning
from paribus.report.curves import learning_curves
from paribus.report.exhibits import NotMeasuredError
from paribus.report.functions import fitted_functions
from paribus.report.heatmap import layer_heatmap
from paribus.report.labels import labelled
from paribus.report.layout import layout_of
from paribus.report.lines import line_curves
from paribus.report.paths import path_scatter, path_table
from paribus.report.scatter import run_scatter
from paribus.report.selection import restricted, restricted_layout
from paribus.report.sheets import metric_columns
from paribus.report.stalls import Depth, depths, median, stall_depths
from paribus.report.times import epoch_times
from paribus.results.derived import with_derived
from paribus.results.table import table
from report import example_figures as examples
from results.example_studies import activations, diverging


def test_a_heatmap_has_a_cell_per_layer_depth_and_epoch():
    results = examples.depths()
    figure = layer_heatmap(results, "gradient/norm", "depth")
    rows = figure.data["cells"]
    assert len(rows) == 2 * 55 * 11
    assert figure.epochs == tuple(range(11))
    assert [panel.title for panel in figure.panels] == ["activation sigmoid", "activation relu"]
    assert all(int(row["layer"]) <= int(row["level"]) for row in rows)


def test_colours_of_norms_follow_the_logarithm_and_are_one_for_all_epochs():
    results = examples.depths(replicates=1)
    figure = layer_heatmap(results, "gradient/norm", "depth")
    strengths = [row["strength"] for row in figure.data["cells"]]
    assert max(strengths) == pytest.approx(1, abs=1e-4)
    assert min(strengths) == pytest.approx(0.06, abs=1e-4)
    column = {
        int(row["layer"]): row["strength"]
        for row in figure.data["cells"]
        if (row["panel"], row["level"], row["epoch"]) == ("activation sigmoid", "10", 10)
    }
    steps = np.diff([column[layer] for layer in range(1, 11)])
    assert (steps > 0.03).all()  # linear colours would show the last layers only
    assert "logarithm" in figure.note


def test_colours_of_signed_means_tell_the_sign():
    figure = layer_heatmap(examples.depths(replicates=1), "gradient/mean", "depth")
    hues = {row["hue"] for row in figure.data["cells"]}
    assert len(hues) == 2
    labels = [swatch.label for swatch in figure.key]
    assert labels[0] == f"\u2212{labels[-1]}"
    assert labels[2] == "0"
    assert "square root" in figure.note
    assert "Blue is below 0" in figure.note


def test_many_epochs_are_thinned_and_it_is_said():
    figure = layer_heatmap(examples.depths(epochs=150, deepest=3), "gradient/norm", "depth")
    assert len(figure.epochs) == 60
    assert (figure.epochs[0], figure.epochs[-1]) == (0, 150)
    assert "60 epochs, evenly spread" in figure.note


def test_heatmap_of_an_unknown_factor_says_so():
    with pytest.raises(NotMeasuredError, match="no factor 'width'"):
        layer_heatmap(examples.depths(replicates=1), "gradient/norm", "width")


def test_a_run_that_ended_early_does_not_bend_the_mean():
    figure = learning_curves(examples.functions(replicates=3), "train/loss", log=True)
    rows = [row for row in figure.data["train-loss-mean"] if row["label"] == "sinc · middle"]
    means = [row["mean"] for row in rows]
    assert all(later <= earlier for earlier, later in itertools.pairwise(means))
    assert {row["n"] for row in rows} == {3}
    assert max(row["ended"] for row in rows) > 0
    assert "A run that has ended counts with its last value" in figure.note
    assert "has ended" not in learning_curves(activations(2), "test/loss").note


def test_the_last_mean_of_a_curve_is_that_of_the_table():
    results = examples.functions(replicates=3)
    figure = learning_curves(results, "train/loss")
    for row in table(results, ("train/loss",)):
        label = " · ".join(row["condition"].values())
        last = [one for one in figure.data["train-loss-mean"] if one["label"] == label][-1]
        assert last["mean"] == pytest.approx(row["mean"], rel=1e-4)


def test_a_linear_or_log_scale_can_be_asked_for():
    results = examples.functions(replicates=2)
    assert "log scale" in learning_curves(results, "train/loss", log=True).title
    assert "log scale" not in learning_curves(results, "train/loss", log=False).title
    assert spanning([-1.0, 2.0], "x", log=True).log
    assert not spanning([-1.0, -2.0], "x", log=True).log
    assert spanning([99.0, 100.0], "x", percent=True).domain[1] == 100


def test_numbers_of_a_factor_are_told_apart_by_a_ramp():
    layout = layout_of(examples.depths(replicates=1))
    assert len(layout.series) == 10
    assert layout.panels == ["activation sigmoid", "activation relu"]
    assert layout.legend == "depth"


def test_chosen_conditions_stand_in_their_order_with_the_colours_of_the_study():
    results = activations(2)
    part = restricted(results, ["relu", "sigmoid", "elsewhere"])
    assert [one["activation"] for one in part.conditions] == ["relu", "sigmoid"]
    layout = restricted_layout(layout_of(results), part)
    whole = {one.label: one.colour for one in layout_of(results).series}
    assert {one.label: one.colour for one in layout.series} == {
        name: whole[name] for name in ("sigmoid", "relu")
    }
    assert restricted(results, []) is results


def test_splits_of_a_quantity_share_a_panel():
    metrics = ("train/loss", "test/loss", "train/accuracy", "test/accuracy", "sensitivity/test")
    figure = against_levels(examples.batch_sizes(), metrics, "batch_size", log=True)
    titles = [panel.title for panel in figure.panels]
    assert titles == [
        "Loss (mean per example)",
        "Accuracy (%)",
        "Test sensitivity (mean per example)",
    ]
    assert [swatch.label for swatch in figure.key] == ["test", "train (dashed)"]
    assert figure.legend == "rate"
    assert {row["x"] for row in figure.data["means"]} == {8.0, 32.0, 128.0, 512.0, 2048.0}


def test_levels_that_are_words_are_refused():
    with pytest.raises(NotMeasuredError, match="no numbers: sigmoid, tanh, relu, gelu"):
        against_levels(activations(2), ("test/loss",), "activation")
    with pytest.raises(NotMeasuredError, match="no factor 'depth'"):
        against_levels(activations(2), ("test/loss",), "depth")


def test_values_against_parameters_are_those_of_the_table():
    results = examples.hidden_units()
    figure = against_parameters(results, ("test/accuracy",))
    rows = figure.data["means"]
    for row, wanted in zip(rows, table(results), strict=True):
        assert row["x"] == 795 * int(row["label"]) + 10
        assert row["y"] == pytest.approx(100 * wanted["mean"], rel=1e-5)
        assert row["n"] == 5


def test_diverged_runs_are_left_out_and_counted_once():
    figure = against_parameters(diverging(), ("test/accuracy", "test/loss"))
    assert "Diverged and left out: 1 run." in figure.note
    assert min(row["n"] for row in figure.data["means"]) == 4


def test_names_of_close_points_do_not_overlap():
    x, y = spanning([1, 1000], "x", log=True), spanning([0.0, 1.0], "y")
    rows = [{"x": 100 + step, "y": 0.5 + step / 100, "name": f"name {step}"} for step in range(4)]
    labelled(rows, x, y, 240)
    boxes = []
    for row in rows:
        left = x.part(row["x"]) * 500 + row["dx"]
        top = (1 - y.part(row["y"])) * 240 + row["dy"]
        wide = 6.6 * len(row["name"])
        boxes.append((left if row["align"] == "left" else left - wide, top, wide))
    for number, (left, top, wide) in enumerate(boxes):
        for other, above, far in boxes[:number]:
            apart = left >= other + far or other >= left + wide or abs(top - above) >= 12
            assert apart


def test_lines_along_an_axis_are_thinned_and_it_is_said():
    results = examples.minimal_ratios(replicates=100, iterations=10_000)
    figure = along(results, "phase/loss", "iteration", log=True)
    assert len(figure.data["runs"]) <= 200 * 31
    assert len(figure.data["means"]) <= 2 * 200
    assert "at most 30 are drawn of each run" in figure.note
    assert "peaks between them are not seen" in figure.note
    assert "A run whose line ends counts in the mean with its last value" in figure.note


def test_a_mean_along_an_axis_is_that_of_the_runs():
    results = examples.minimal_ratios(replicates=7)
    name = "hessian/minimal_ratio_over_tolerance"
    figure = along(results, name, "tolerance", log_axis=True)
    values = [
        one.values[-1]
        for key in results.keys_of({"network": "relu"})
        for one in results.measurements[key]
        if one.name == name
    ]
    found = [row["y"] for row in figure.data["means"] if row["series"] == "relu"]
    np.testing.assert_allclose(found, np.mean(values, axis=0), rtol=1e-4)
    with pytest.raises(NotMeasuredError, match="not measured along 'depth'"):
        along(results, name, "depth")


def test_place_0_has_none_on_a_log_axis():
    figure = along(examples.minimal_ratios(3), "phase/loss", "iteration", log_axis=True)
    assert min(row["x"] for row in figure.data["runs"]) > 0
    assert "0 or less have none on a log scale" in figure.note


def test_runs_that_did_not_converge_are_crosses():
    results = examples.minimal_ratios(replicates=100)
    declared = RunScatter(
        x="train/loss",
        y="hessian/minimal_ratio",
        log_x=True,
        unless="phase/converged",
        unless_label="not converged",
    )
    figure = run_scatter(results, declared)
    rows = figure.data["runs"]
    assert len(rows) == 200
    crosses = sum(not row["met"] for row in rows)
    converged = results.metrics.loc[results.metrics["metric"] == "phase/converged", "value"]
    assert crosses == (converged == 0).sum() > 0
    assert f"Crosses: not converged ({crosses} of 200)." in figure.note
    assert [swatch.shape for swatch in figure.key] == ["circle", "cross"]
    plain = run_scatter(results, RunScatter(x="train/loss", y="hessian/minimal_ratio"))
    assert plain.key == ()


def test_fitted_functions_have_a_panel_per_true_function():
    figure = fitted_functions(examples.functions(), 1)
    assert [panel.title for panel in figure.panels] == ["sinc", "sign of sine"]
    assert [one.label for one in figure.series] == ["deep", "middle", "shallow"]
    assert len(figure.data["fitted"]) == 6 * 400
    assert len(figure.data["truth"]) == 2 * 400
    assert figure.note.startswith("Replicate 1 of each condition")


def test_a_replicate_that_is_missing_is_replaced_and_it_is_said():
    figure = fitted_functions(examples.functions(), 9)
    assert "another replicate" in figure.note
    assert {row["label"] for row in figure.data["fitted"]} >= {"deep, replicate 0"}


def test_paths_say_their_variance_and_end_in_their_accuracy():
    results = examples.paths()
    figure = path_scatter(results)
    assert len(figure.data["points"]) == 8 * 14
    assert len(figure.data["ends"]) == 8
    accuracy = results.analyses["path/accuracy"].values[:, -1]
    names = [row["name"] for row in figure.data["ends"]]
    assert names == [f"{100 * value:.1f} %" for value in accuracy]
    axis = figure.panels[0].chart.to_dict()["layer"][1]["encoding"]["x"]["axis"]
    assert axis["title"] == "Component 1 (18.3 % of the variance)"
    assert "32.4 % of the variance together" in figure.note


def test_a_path_that_ends_early_is_labelled_where_it_ends():
    results = examples.paths()
    coordinates = results.analyses["path/coordinates"]
    values = coordinates.values.copy()
    values[0, -3:] = math.nan
    shorter = dict(results.analyses) | {
        "path/coordinates": dataclasses.replace(coordinates, values=values)
    }
    figure = path_scatter(dataclasses.replace(results, analyses=shorter))
    assert figure.data["ends"][0]["epoch"] == coordinates.coords["epoch"][-4]
    assert len(figure.data["ends"]) == 8


def test_the_table_of_paths_has_every_point():
    sheet = path_table(examples.paths())
    assert len(sheet.rows) == 8 * 14
    heads = ("run", "epoch", "x", "y", "Test accuracy (%)", "Test loss (mean per example)")
    assert sheet.heads == heads


def test_lines_between_networks_have_a_figure_per_pair():
    results = examples.lines()
    figures = line_curves(results)
    assert [one.name for one in figures] == ["line-1", "line-2"]
    means = [row for row in figures[1].data["means"] if row["series"] == "test accuracy"]
    wanted = 100 * results.analyses["line/test_accuracy"].values[1].mean(axis=0)
    np.testing.assert_allclose([row["y"] for row in means], wanted, rtol=1e-4)
    assert [row["name"] for row in figures[1].data["networks"]] == ["rate 0.001", "batch 1024"]
    barrier = results.analyses["line/test_barrier"].values[1].mean()
    assert f"test {barrier:.3f}" in figures[1].note


def test_a_line_of_runs_that_did_not_finish_leaves_them_out():
    results = examples.lines()
    changed = dict(results.analyses)
    for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy"):
        one = changed[f"line/{name}"]
        values = one.values.copy()
        values[0, :3] = math.nan
        values[1, :] = math.nan
        changed[f"line/{name}"] = dataclasses.replace(one, values=values)
    (figure,) = line_curves(dataclasses.replace(results, analyses=changed))
    assert "n\u00a0=\u00a02 replicates" in figure.note


def test_stall_depths_are_by_replicate_and_censored_at_the_cap():
    results = examples.scan()
    found = depths(results, "depth")
    for activation, wanted in examples.STALLS.items():
        depths_of = [found[activation][replicate] for replicate in range(5)]
        assert [one.level for one in depths_of] == [min(depth, 20) for depth in wanted]
        assert [one.censored for one in depths_of] == [depth > 20 for depth in wanted]
    figure, sheet = stall_depths(results)
    assert [row["shown"] for row in figure.data["medians"]] == [
        "median 4",
        "median 15",
        "median 8",
    ]
    tanh = next(row for row in sheet.rows if row[0].text == "tanh")
    assert [cell.text for cell in tanh] == ["tanh", "15", "14", "13", "> 20", "> 20", "15"]
    assert "99.5 % of ln(10)" in figure.note


def test_a_diverged_run_counts_as_stalling():
    results = examples.scan(diverged=True)
    assert depths(results, "depth")["sigmoid"][0] == Depth(4.0, censored=False)
    figure, _ = stall_depths(results)
    assert "1 run diverged, which counts as stalling" in figure.note
    assert figure.data["medians"][0]["shown"] == "median 4"


def test_depths_beyond_a_gap_are_not_judged():
    results = examples.scan()
    rows = results.metrics
    gone = (rows["activation"] == "relu") & (rows["depth"] == "3") & (rows["replicate"] == 0)
    found = depths(dataclasses.replace(results, metrics=rows.loc[~gone]), "depth")
    assert found["relu"][0] == Depth(2.0, censored=True)
    assert found["relu"][1] == Depth(9.0, censored=False)


def test_the_median_of_an_even_number_may_be_censored():
    assert median([Depth(4, False), Depth(20, True)]).shown == "> 4"
    assert median([Depth(4, False), Depth(7, False)]).shown == "5.5"


def test_remedies_are_no_scans():
    results = examples.scan(design={"kind": "scan", "factor": "depth", "remedies": "activation"})
    assert list(depths(results, "depth")) == ["all conditions"]


def test_a_study_that_scans_nothing_has_no_stall_depths():
    with pytest.raises(NotMeasuredError, match="is no scan"):
        stall_depths(activations(2))


def test_times_have_a_dot_per_repeat_and_the_median():
    results = examples.timed()
    figure = epoch_times(results)
    assert len(figure.data["dots"]) == 20
    seconds = results.analyses["time/epoch_seconds"].values
    found = [row["value"] for row in figure.data["medians"]]
    np.testing.assert_allclose(found, np.median(seconds, axis=1), rtol=1e-4)
    assert "5 repeats" in figure.note


def test_columns_count_the_runs_that_reached_the_limit():
    sheet = metric_columns(
        with_derived(examples.functions()), ("epochs/trained", "train/loss", "test/recall")
    )
    assert sheet.labels == 2
    assert sheet.rows[3][2].below == "2 of 2 at the limit of 20,000"
    assert "limit" not in sheet.rows[0][2].below
    assert "Not measured: test/recall." in sheet.note
