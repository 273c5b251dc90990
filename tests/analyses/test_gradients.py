import numpy as np
import pytest

from analyses.example_bench import PlaneBench, run
from paribus.analyses import GradientCheck
from paribus.analyses.base import CheckedGradient
from paribus.errors import NothingStoredError


def test_runs_of_other_depths_stand_side_by_side():
    checks = {
        "low-0": CheckedGradient({"1": (1e-9, 10, 0), "2": (2e-9, 20, 1)}, 1.5e-9),
        "high-0": CheckedGradient({"1": (3e-9, 30, 2)}, 3e-9),
    }
    bench = PlaneBench([run("low", 0), run("high", 0)], checks=checks)
    found = {one.name: one for one in GradientCheck().compute(bench)}
    assert found["gradient_check/difference"].dims == ("run", "layer")
    names = ["low \u00b7 replicate 0", "high \u00b7 replicate 0"]
    assert found["gradient_check/difference"].coords["run"].tolist() == names
    values = {name: one.values for name, one in found.items()}
    np.testing.assert_array_equal(
        values["gradient_check/difference"], [[1e-9, 2e-9], [3e-9, np.nan]]
    )
    np.testing.assert_array_equal(values["gradient_check/checked"], [[10, 20], [30, np.nan]])
    np.testing.assert_array_equal(values["gradient_check/excluded"], [[0, 1], [2, np.nan]])
    np.testing.assert_array_equal(values["gradient_check/difference_overall"], [1.5e-9, 3e-9])


def test_without_a_run_there_is_nothing_to_check():
    with pytest.raises(NothingStoredError, match="no run has finished"):
        GradientCheck().compute(PlaneBench([]))
