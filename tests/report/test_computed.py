import dataclasses

import numpy as np
import pytest

from paribus.report.computed import computed_table
from paribus.report.exhibits import NotMeasuredError
from paribus.store.records import Measurement
from report import example_figures as examples

PAIRS = np.array(["a to b", "c to d"])


def computed(**values):
    """Results with these quantities by pair, and replicate where they have two axes."""
    found = {
        f"first/{name}": Measurement(
            f"first/{name}",
            np.asarray(array),
            ("pair", "replicate")[: np.ndim(array)],
            {"pair": PAIRS},
        )
        for name, array in values.items()
    }
    return dataclasses.replace(examples.timed(), analyses=found)


def texts(sheet):
    return [[(cell.text, cell.below) for cell in row] for row in sheet.rows]


def test_a_row_per_pair_with_the_largest_and_the_smallest_of_further_axes():
    results = computed(difference=[[1e-7, 3e-7, np.nan], [0.25, 0.25, 0.25]], count=[4, 5])
    sheet = computed_table(results, ["first/difference", "first/count"])
    assert sheet.heads == ("pair", "Difference", "Count")
    assert texts(sheet) == [
        [("a to b", ""), ("3e\u221207", "smallest 1e\u221207"), ("4", "")],
        [("c to d", ""), ("0.25", ""), ("5", "")],
    ]
    assert "the largest over 3 replicates" in sheet.note


def test_what_is_not_known_is_a_dash():
    sheet = computed_table(computed(difference=[np.nan, 2.0]), ["first/difference"])
    assert [row[1].text for row in sheet.rows] == ["\u2014", "2"]


def test_what_was_not_computed_is_named():
    with pytest.raises(NotMeasuredError, match="not computed: first/gradient"):
        computed_table(computed(difference=[1.0, 2.0]), ["first/difference", "first/gradient"])


def test_quantities_of_other_axes_do_not_share_a_table():
    results = computed(difference=[1.0, 2.0])
    with pytest.raises(NotMeasuredError, match="along one axis"):
        computed_table(
            dataclasses.replace(results, analyses=results.analyses | examples.timed().analyses),
            ["first/difference", "time/epoch_seconds"],
        )
