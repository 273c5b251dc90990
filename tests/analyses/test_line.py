import numpy as np
import pytest

from analyses.example_bench import PlaneBench, run
from paribus import Factor
from paribus.analyses import Line
from paribus.analyses.line import barrier, networks_between
from paribus.errors import DeclarationError, NothingStoredError

FACTORS = [Factor("rate", ["low", "high", "huge"]), Factor("batch", ["64", "128"])]


def weights(*numbers):
    return {"1.weight": np.array([numbers[:-1]]), "1.bias": np.array(numbers[-1:])}


def bench(ends):
    """Runs of the factor "rate" by label and replicate."""
    runs = [run(label, replicate) for label, replicate in ends]
    return PlaneBench(
        runs, ends={one.key: found for one, found in zip(runs, ends.values(), strict=True)}
    )


TWO = {
    ("low", 0): weights(1.0, 0.0, 0.0),
    ("low", 1): weights(2.0, 0.0, 1.0),
    ("high", 0): weights(0.0, 0.0, -1.0),
    ("high", 1): weights(0.0, 5.0, 0.0),
}


def computed(analysis, workbench):
    return {one.name: one for one in analysis.compute(workbench)}


def test_metrics_along_the_line_of_each_replicate():
    line = Line(pairs=(("low", "high"),), points=7)
    found = computed(line, bench(TWO))
    a = np.array([-1, -0.5, 0, 0.5, 1, 1.5, 2])
    sums = np.array([(1 - a) * 1 + a * -1, (1 - a) * 3 + a * 5])
    first = np.array([1 - a, 2 * (1 - a)])
    assert found["line/train_loss"].dims == ("pair", "replicate", "position")
    assert found["line/train_loss"].coords["pair"].tolist() == ["low to high"]
    assert found["line/train_loss"].coords["position"].tolist() == a.tolist()
    np.testing.assert_allclose(found["line/train_loss"].values, [sums**2])
    np.testing.assert_allclose(found["line/test_loss"].values, [2 * sums**2])
    np.testing.assert_allclose(found["line/train_accuracy"].values, [first])
    np.testing.assert_allclose(found["line/test_accuracy"].values, [2 * first])
    assert found["line/train_barrier"].dims == ("pair", "replicate")
    # At a = 0.5 the losses are 0 and 16, and the straight lines at 1 and 17.
    np.testing.assert_allclose(found["line/train_barrier"].values, [[-1, -1]])
    np.testing.assert_allclose(found["line/test_barrier"].values, [[-2, -2]])
    assert len(found) == 6


def test_a_replicate_without_both_runs_is_not_a_number():
    ends = {place: end for place, end in TWO.items() if place != ("high", 1)}
    found = computed(Line(pairs=(("low", "high"),), points=7), bench(ends))
    assert found["line/test_loss"].coords["replicate"].tolist() == [0, 1]
    assert np.isnan(found["line/test_loss"].values).all(axis=2).tolist() == [[False, True]]
    assert np.isnan(found["line/test_barrier"].values).tolist() == [[False, True]]


def test_a_pair_of_which_no_run_finished_takes_no_other_with_it():
    line = Line(pairs=(("low", "huge"), ("high", "low")))
    found = computed(line, bench(TWO))["line/test_loss"]
    assert found.coords["pair"].tolist() == ["high to low"]
    with pytest.raises(NothingStoredError, match="no two runs of a pair have finished"):
        Line(pairs=(("low", "huge"),)).compute(bench(TWO))


def test_conditions_are_paired_where_all_else_is_the_same():
    runs = [run(rate, 0, batch=batch) for batch in ("64", "128") for rate in ("low", "high")]
    workbench = PlaneBench(runs, ends={one.key: weights(1.0, 2.0) for one in runs})
    by_label = computed(Line(pairs=(("low", "high"),)), workbench)["line/test_loss"]
    assert by_label.coords["pair"].tolist() == ["low · 64 to high · 64", "low · 128 to high · 128"]
    corner = {"rate": "low", "batch": "64"}, {"rate": "high", "batch": "128"}
    across = computed(Line(pairs=(corner,)), workbench)["line/test_loss"]
    assert across.coords["pair"].tolist() == ["low · 64 to high · 128"]


@pytest.mark.parametrize(
    ("fields", "count"), [({}, 61), ({"low": -0.1, "high": 1.1, "points": 13}, 13)]
)
def test_zero_and_one_are_exactly_that(fields, count):
    positions = Line(pairs=(("low", "high"),), **fields).positions
    assert len(positions) == count
    assert {0.0, 1.0} < set(positions.tolist())


def test_at_its_ends_the_line_is_the_networks_bit_by_bit():
    random = np.random.default_rng(0)
    first, second = ({"1.weight": random.standard_normal((3, 4), np.float32)} for _ in range(2))
    at_0, between, at_1 = networks_between(first, second, np.array([0.0, 0.3, 1.0]))
    assert (at_0["1.weight"] == first["1.weight"]).all()
    assert (at_1["1.weight"] == second["1.weight"]).all()
    assert between["1.weight"].dtype == np.float32
    exact = 0.7 * first["1.weight"].astype(float) + 0.3 * second["1.weight"].astype(float)
    assert (between["1.weight"] == exact.astype(np.float32)).all()


def test_losses_that_are_not_finite_stay():
    ends = {("low", 0): weights(1e308, 0.0), ("high", 0): weights(-1e308, 0.0)}
    line = Line(pairs=(("low", "high"),), points=4)
    with np.errstate(over="ignore", invalid="ignore"):
        found = computed(line, bench(ends))
    assert np.isinf(found["line/test_loss"].values).all()
    assert np.isnan(found["line/test_barrier"].values).all()


@pytest.mark.parametrize(
    ("positions", "losses", "expected"),
    [
        ([-1, 0, 0.25, 0.5, 1, 2], [90, 1, 4, 2, 3, 90], 2.5),
        ([0, 0.5, 1], [1, 2, 3], 0),
        ([-1, 0, 1, 2], [1, 1, 3, 1], np.nan),
    ],
    ids=["outside does not count", "straight", "nothing between"],
)
def test_a_barrier_is_what_rises_above_the_straight_line(positions, losses, expected):
    found = barrier(np.array(positions), np.array(losses, float), np.array([1.0, 3.0]))
    np.testing.assert_equal(float(found), expected)


def test_networks_of_other_layers_have_no_line_between_them():
    ends = {("low", 0): weights(1.0, 2.0), ("high", 0): weights(1.0, 2.0, 3.0)}
    with pytest.raises(DeclarationError, match="no line between networks whose layers differ"):
        Line(pairs=(("low", "high"),)).compute(bench(ends))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"points": 1}, "points: got 1; should be greater than or equal to 2"),
        ({"points": 3.0}, "points: got 3.0; should be a valid integer"),
        ({"low": float("nan")}, "low: got nan; should be a finite number"),
        ({"high": "2"}, "high: got '2'; should be a valid number"),
        ({"low": 2.0}, "high: got 2.0; should be greater than low, which is 2.0"),
        ({"pairs": ()}, "pairs: got (); Tuple should have at least 1 item"),
        ({"pairs": (("low",),)}, "pairs.0.1: missing"),
        ({"pairs": ((0.001, 0.01),)}, "labels are text: write '0.001'"),
        ({"pairs": (("low", "low"),)}, "pairs.0: got 'low' twice; a pair has two conditions"),
        ({"name": ""}, "name: got ''; String should match pattern"),
        ({"point": 3}, "unknown field 'point'; did you mean 'points'?"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, dict) else "",
)
def test_wrong_fields_are_refused(fields, expected):
    with pytest.raises(DeclarationError) as raised:
        Line(**({"pairs": (("low", "high"),)} | fields))
    assert expected in str(raised.value)


def test_faults_of_all_fields_come_together():
    with pytest.raises(DeclarationError) as raised:
        Line(pairs=(("a", "b"), ("a", "a"), ({"f": "a"}, {"f": ["a"]})), low=1.0, high=0.0)
    assert [fault.path for fault in raised.value.faults] == ["pairs.1", "pairs.2", "high"]


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("low", "high"), []),
        (({"rate": "low", "batch": "64"}, {"rate": "low", "batch": "128"}), []),
        (
            ("low", "hihg"),
            ["pairs.0.second: no level 'hihg' of factor 'rate'; did you mean 'high'?"],
        ),
        (
            ({"rat": "low"}, {"rate": "hgh"}),
            [
                "pairs.0.first.rat: no factor named 'rat'; did you mean 'rate'?",
                "pairs.0.second.rate: no level 'hgh'; did you mean 'high'?",
            ],
        ),
        (
            ("low", {"rate": "low"}),
            ["pairs.0: names a condition twice; a pair has two conditions"],
        ),
    ],
    ids=["labels", "by factor", "label", "factor and label", "itself"],
)
def test_conditions_that_are_not_there_are_refused(pair, expected):
    assert [str(fault) for fault in Line(pairs=(pair,)).faults(FACTORS, [])] == expected
