import numpy as np
import pytest

from analyses.example_bench import PlaneBench, run
from paribus.analyses import EpochTime
from paribus.errors import DeclarationError, NothingStoredError


def test_the_first_replicate_of_each_condition_is_timed():
    bench = PlaneBench([run("low", 0), run("low", 1), run("high", 1), run("high", 2)])
    (found,) = EpochTime(repeats=3).compute(bench)
    assert bench.asked == ["low-0", "high-1"]
    assert (found.name, found.dims) == ("time/epoch_seconds", ("condition", "repeat"))
    assert found.coords["condition"].tolist() == ["low", "high"]
    np.testing.assert_array_equal(found.values, [[0, 2, 4], [1, 3, 5]])


def test_without_a_run_there_is_nothing_to_time():
    with pytest.raises(NothingStoredError, match="analysis 'time': no run has finished"):
        EpochTime().compute(PlaneBench([]))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"repeats": 0}, "repeats: got 0; should be greater than 0"),
        ({"repeats": 2.5}, "repeats: got 2.5; should be a valid integer"),
        ({"name": "Time"}, "name: got 'Time'; String should match pattern"),
        ({"repeat": 2}, "unknown field 'repeat'; did you mean 'repeats'?"),
    ],
    ids=["none", "broken", "name", "unknown"],
)
def test_wrong_fields_are_refused(fields, expected):
    with pytest.raises(DeclarationError) as raised:
        EpochTime(**fields)
    assert expected in str(raised.value)
