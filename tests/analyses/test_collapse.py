import numpy as np
import pytest

from analyses.example_bench import PlaneBench, run
from paribus import Factor
from paribus.analyses import Collapse
from paribus.analyses.collapse import as_one_layer
from paribus.errors import NothingStoredError

RANDOM = np.random.default_rng(3)
DEEP = {
    "1.weight": RANDOM.normal(size=(5, 4)),
    "1.bias": RANDOM.normal(size=5),
    "2.weight": RANDOM.normal(size=(6, 5)),
    "2.bias": RANDOM.normal(size=6),
    "3.weight": RANDOM.normal(size=(2, 6)),
    "3.bias": RANDOM.normal(size=2),
}
COLLAPSE = Collapse(deep="deep", single="single")
RUNS = [run("deep", 0), run("single", 0)]


def bench(weights, runs=RUNS):
    inputs = RANDOM.normal(size=(7, 4))
    return PlaneBench(runs, ends={"deep-0": weights}, inputs=inputs)


def test_linear_layers_are_one_layer():
    one = as_one_layer(DEEP)
    assert {name: array.shape for name, array in one.items()} == {
        "1.weight": (2, 4),
        "1.bias": (2,),
    }
    (found,) = COLLAPSE.compute(bench(DEEP))
    assert found.dims == ("pair", "replicate")
    assert found.values[0, 0] < 1e-14


def test_a_network_that_is_more_than_its_layers_is_told_apart():
    class Bent(PlaneBench):
        def outputs(self, key, weights):
            found = super().outputs(key, weights)
            return np.maximum(found, 0) if key == "deep-0" else found

    given = bench(DEEP)
    (found,) = COLLAPSE.compute(Bent(RUNS, ends=given.ends, inputs=given.inputs))
    assert found.values[0, 0] > 0.1


def test_without_both_runs_there_is_nothing_to_compare():
    with pytest.raises(NothingStoredError, match="no two runs of a pair have finished"):
        COLLAPSE.compute(bench(DEEP, RUNS[:1]))


def test_a_condition_that_is_not_there_is_named():
    (fault,) = COLLAPSE.faults([Factor("rate", ["deep", "flat"])], [])
    assert "single" in fault.problem
