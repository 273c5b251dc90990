import numpy as np
import pytest

from analyses.example_bench import PlaneBench, run
from paribus import Factor, probes
from paribus.analyses import Path
from paribus.errors import DeclarationError, NothingStoredError
from paribus.store.records import Measurement
from reference.plain_components import components

RUNS = [run("low", 0), run("low", 1), run("high", 0)]
EPOCHS = {"low-0": [0, 3, 6, 7], "low-1": [0, 3, 6, 7], "high-0": [0, 3, 5]}


def rows(key, width=8):
    random = np.random.default_rng([ord(letter) for letter in key])
    return random.standard_normal((len(EPOCHS[key]), width)).astype(np.float32)


def over_epochs(name, values, epochs):
    dims = ("epoch",) if np.ndim(values) == 1 else ("epoch", "weight")
    return Measurement(name, np.asarray(values), dims, {"epoch": np.asarray(epochs, np.int32)})


def bench(runs=RUNS, **metrics):
    measured = {
        one.key: [over_epochs("weights/all", rows(one.key), EPOCHS[one.key])]
        + [over_epochs(f"test/{name}", *given) for name, given in metrics.items()]
        for one in runs
    }
    ends = {"1.weight": np.zeros((2, 2)), "1.bias": np.zeros(1), "2.weight": np.zeros(3)}
    return PlaneBench(runs, measured, {one.key: ends for one in runs})


def computed(analysis, workbench):
    return {one.name: one for one in analysis.compute(workbench)}


@pytest.mark.parametrize(("part", "width"), [("all", 8), ("first layer", 5)])
def test_one_set_of_axes_for_the_points_of_all_runs(part, width):
    found = computed(Path(weights=part, components=3), bench())
    points = np.concatenate([rows(one.key)[:, :width] for one in RUNS]).astype(float)
    expected, shares = components(points, 3)
    coordinates = found["path/coordinates"]
    assert coordinates.dims == ("run", "epoch", "axis")
    assert coordinates.coords["epoch"].tolist() == [0, 3, 5, 6, 7]
    assert coordinates.coords["axis"].tolist() == [1, 2, 3]
    measured = ~np.isnan(coordinates.values[..., 0])
    assert measured.tolist() == [[1, 1, 0, 1, 1], [1, 1, 0, 1, 1], [1, 1, 1, 0, 0]]
    np.testing.assert_allclose(coordinates.values[measured], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found["path/variance"].values, shares, rtol=1e-12)


def test_runs_are_named_after_condition_and_replicate():
    names = ["low · replicate 0", "low · replicate 1", "high · replicate 0"]
    found = computed(Path(), bench())
    assert found["path/coordinates"].coords["run"].tolist() == names
    alone = computed(Path(), bench(RUNS[:2]))["path/coordinates"]
    assert alone.coords["run"].tolist() == ["replicate 0", "replicate 1"]


def test_metrics_are_those_of_the_epochs_of_the_path():
    found = computed(Path(), bench(accuracy=([0.1, 0.5, 0.7, 0.8], [0, 2, 3, 7])))
    nan = np.nan
    expected = [0.1, 0.7, nan, nan, 0.8]
    np.testing.assert_array_equal(found["path/accuracy"].values, [expected] * 3)
    assert "path/loss" not in found


def test_distances_between_ends_and_of_late():
    found = computed(Path(last_epochs=3), bench())
    ends = [rows(one.key)[-1].astype(float) for one in RUNS]
    pairs = [(0, 1), (0, 2), (1, 2)]
    apart = [np.sqrt(((ends[i] - ends[j]) ** 2).sum()) for i, j in pairs]
    np.testing.assert_allclose(found["path/end_distance"].values, apart, rtol=1e-14)
    assert found["path/end_distance"].coords["pair"].tolist() == [
        "low · replicate 0 and low · replicate 1",
        "low · replicate 0 and high · replicate 0",
        "low · replicate 1 and high · replicate 0",
    ]
    # 7 - 3 = 4 was not measured, 3 was; 5 - 3 = 2 was not, 0 was.
    assert found["path/last_moved_since"].values.tolist() == [3, 3, 0]
    back = [rows("low-0")[1], rows("low-1")[1], rows("high-0")[0]]
    moved = [np.sqrt(((end - one) ** 2).sum()) for end, one in zip(ends, back, strict=True)]
    np.testing.assert_allclose(found["path/last_moved"].values, moved, rtol=1e-14)


def test_an_epoch_that_was_measured_is_looked_back_to_itself():
    found = computed(Path(last_epochs=1), bench())
    assert found["path/last_moved_since"].values.tolist() == [6, 6, 3]


def test_of_a_run_shorter_than_that_the_start_is_looked_back_to():
    found = computed(Path(), bench())
    assert found["path/last_moved_since"].values.tolist() == [0, 0, 0]


def test_a_run_alone_has_no_pairs():
    found = computed(Path(name="alone"), bench(RUNS[:1]))
    assert found["alone/end_distance"].values.shape == (0,)
    assert all(name.startswith("alone/") for name in found)


def refusal(analysis, workbench, kind=DeclarationError):
    with pytest.raises(kind) as raised:
        analysis.compute(workbench)
    return str(raised.value)


def test_networks_of_two_sizes_and_too_many_components_are_refused_together():
    odd = bench(RUNS[:2])
    odd.measured["low-1"] = [over_epochs("weights/all", rows("low-1", 9), EPOCHS["low-1"])]
    assert refusal(Path(components=8), odd).splitlines() == [
        "Analysis 'path': 2 faults",
        "  the networks have 8 and 9 weights; paths are compared in networks of one size",
        "  components: got 8; 8 points have at most 7",
    ]


def test_runs_that_were_not_measured_are_refused():
    unmeasured = bench(RUNS[:2])
    unmeasured.measured["low-1"] = []
    assert "run low-1 holds no weights/all" in refusal(Path(), unmeasured, NothingStoredError)
    assert "no run has finished" in refusal(Path(), bench([]), NothingStoredError)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"weights": "last layer"}, "weights: got 'last layer'; did you mean 'first layer'?"),
        ({"components": 0}, "components: got 0; should be greater than 0"),
        ({"components": 2.5}, "components: got 2.5; should be a valid integer"),
        ({"last_epochs": 0}, "last_epochs: got 0; should be greater than 0"),
        ({"name": "my path"}, "name: got 'my path'; String should match pattern"),
        ({"component": 3}, "unknown field 'component'; did you mean 'components'?"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_wrong_fields_are_refused(fields, expected):
    with pytest.raises(DeclarationError) as raised:
        Path(**fields)
    assert expected in str(raised.value)


def test_it_needs_a_probe_that_measures_weights_along_the_way():
    factors = [Factor("rate", ["low", "high"])]
    assert Path().faults(factors, [probes.Weights(when=probes.Every(epochs=3))]) == []
    (without,) = Path().faults(factors, [probes.WeightNorm()])
    assert str(without) == (
        "needs weights/all, which no probe of the study measures; "
        "add probes.Weights(when=probes.Every(epochs=3)) to the study"
    )
    (at_end,) = Path().faults(factors, [probes.Weights(when=probes.AtEnd())])
    assert "it is measured at the end alone" in at_end.problem
