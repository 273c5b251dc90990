import math

import numpy as np
import pytest

from paribus.report.finite import spread_of_accuracy
from report.claimed_studies import claimed
from results.example_studies import regression

VALUES = {"a": [0.90, 0.92], "b": [0.50, 0.60]}


def test_both_spreads_are_told_in_points():
    found = spread_of_accuracy(claimed(VALUES))
    alone = [100 * math.sqrt(a * (1 - a) / 300) for a in (0.91, 0.55)]
    spread = [100 * np.std(values, ddof=1) for values in VALUES.values()]
    assert f"by {alone[0]:.2f} to {alone[1]:.2f} points (standard error)" in found.sentence
    assert f"by {spread[0]:.2f} to {spread[1]:.2f} points" in found.sentence
    assert found.sentence.startswith("The 300 test examples alone")
    for row, share, own, beside in zip(found.sheet.rows, (91, 55), alone, spread, strict=True):
        assert float(row[1].text) == pytest.approx(share)
        assert float(row[2].text) == pytest.approx(beside, abs=0.006)
        assert float(row[3].text) == pytest.approx(own, abs=0.006)
        assert [cell.text for cell in row[4:]] == ["300", "2"]


def test_one_replicate_has_no_spread_but_a_test_set():
    found = spread_of_accuracy(claimed({"a": [0.9]}))
    assert "over replicates by" not in found.sentence
    assert found.sheet.rows[0][2].text == "\u2014"


def test_other_metrics_say_nothing():
    assert spread_of_accuracy(regression()) is None
