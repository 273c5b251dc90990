import pytest

from paribus.report.quantities import decimals, duration, number, quantity, replicates


@pytest.mark.parametrize(
    ("metric", "title", "scale", "higher"),
    [
        ("test/accuracy", "Test accuracy (%)", 100, True),
        ("batch/loss", "Batch loss (mean per example)", 1, False),
        ("gradient/norm", "Gradient norm", 1, True),
        ("hessian/minimal_ratio", "Minimal ratio (share of eigenvalues > 0)", 1, True),
        ("gap/accuracy", "Accuracy gap (points, train minus test)", 100, False),
        ("hessian/trace", "Hessian trace", 1, True),
    ],
)
def test_quantity(metric, title, scale, higher):
    shown = quantity(metric)
    assert (shown.title, shown.scale, shown.higher_is_better) == (title, scale, higher)


@pytest.mark.parametrize(
    ("values", "halves", "places"),
    [
        ([96.4], [0.6], 1),
        ([96.4], [0.04], 2),
        ([96.4], [12.0], 1),
        ([0.0213], [None], 4),
        ([96.4], [0.0], 1),
        ([None], [None], 1),
        ([1e-9], [1e-10], 6),
    ],
)
def test_decimals_follow_the_interval(values, halves, places):
    assert decimals(values, halves) == places


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.50"), (-1.25, "\u22121.25"), (1e-5, "1.00e\u221205"), (float("nan"), "\u2014")],
)
def test_number(value, text):
    assert number(value, 2) == text


def test_durations_and_counts():
    assert [duration(s) for s in (3.14159, 59.9, 61, 4000)] == [
        "3.14 s",
        "59.9 s",
        "1 min 1 s",
        "1 h 6 min",
    ]
    assert replicates([2, 2]) == "n\u00a0=\u00a02 replicates"
