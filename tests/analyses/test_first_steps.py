import numpy as np
import pytest

from analyses.example_bench import PlaneBench, run
from paribus import Factor
from paribus.analyses import FirstSteps
from paribus.errors import DeclarationError, NothingStoredError

FACTORS = [Factor("rate", ["low", "high"])]
PAIR = (("low", "high"),)


def computed(starts, runs=None, **fields):
    runs = runs or [run("low", 0), run("low", 1), run("high", 0), run("high", 1)]
    found = FirstSteps(pairs=PAIR, **fields).compute(PlaneBench(runs, starts=starts))
    return {one.name: one for one in found}


def test_differences_are_relative_to_the_larger_of_two():
    found = computed(
        {
            "low-0": ([2.0, 1.0], [4.0, -8.0]),
            "high-0": ([2.0, 0.5], [4.0, -8.5]),
            "low-1": ([1.0, 1.0], [0.0, 0.0]),
            "high-1": ([1.0, 1.0], [0.0, 0.0]),
        },
        steps=2,
    )
    loss, gradient = found["first_steps/loss_difference"], found["first_steps/gradient_difference"]
    assert loss.dims == gradient.dims == ("pair", "replicate")
    assert loss.coords["pair"].tolist() == ["low to high"]
    np.testing.assert_allclose(loss.values, [[0.5, 0.0]])
    np.testing.assert_allclose(gradient.values, [[0.5 / 8.5, 0.0]])
    steps = found["first_steps/loss"]
    assert steps.dims == ("condition", "replicate", "step")
    assert steps.coords["step"].tolist() == [1, 2]
    np.testing.assert_array_equal(steps.values[1, 0], [2.0, 0.5])


def test_a_pair_of_which_one_run_is_missing_has_no_difference():
    runs = [run("low", 0), run("low", 1), run("high", 0)]
    same = ([1.0], [1.0])
    found = computed({"low-0": same, "low-1": same, "high-0": same}, runs, steps=1)
    np.testing.assert_array_equal(found["first_steps/loss_difference"].values, [[0.0, np.nan]])


def test_without_a_pair_there_is_nothing_to_compare():
    with pytest.raises(NothingStoredError, match="no two runs of a pair have finished"):
        computed({"low-0": ([1.0], [1.0])}, [run("low", 0)], steps=1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"pairs": (("low", "low"),)}, "pairs.0: got 'low' twice; a pair has two conditions"),
        ({"pairs": ()}, "pairs: got ()"),
        ({"pairs": PAIR, "steps": 0}, "steps: got 0; should be greater than 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(fields, expected):
    with pytest.raises(DeclarationError) as caught:
        FirstSteps(**fields)
    assert expected in str(caught.value)


def test_a_condition_that_is_not_there_is_named():
    (fault,) = FirstSteps(pairs=(("low", "hihg"),)).faults(FACTORS, [])
    assert fault.path.startswith("pairs.0")
    assert "hihg" in fault.problem
    assert "high" in fault.problem
