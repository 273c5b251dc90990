import numpy as np
import pandas as pd
import pytest

from paribus.report.means import carried, means, thinned


def runs(**curves):
    """Rows of replicate, epoch, value from curves given as {epoch: value} by replicate."""
    rows = [
        {"replicate": int(name[1:]), "epoch": epoch, "value": value}
        for name, curve in curves.items()
        for epoch, value in curve.items()
    ]
    return pd.DataFrame(rows)


def plain(curves):
    """The same by hand: of each run its number at the epoch or, once it ended, its last."""
    found = {}
    for epoch in sorted({epoch for curve in curves.values() for epoch in curve}):
        here = [
            curve[epoch] if epoch in curve else curve[max(curve)] if epoch > max(curve) else None
            for curve in curves.values()
        ]
        if None not in here:
            found[epoch] = np.mean(here)
    return found


EARLY = {"r0": {0: 8.0, 10: 4.0, 13: 1.0}, "r1": {0: 6.0, 10: 5.0, 20: 3.0, 30: 2.0}}


def test_a_run_that_ended_counts_with_its_last_value():
    rows = means(carried(runs(**EARLY), "epoch"))
    assert {row["epoch"]: row["mean"] for row in rows} == plain(EARLY)
    assert [row["epoch"] for row in rows] == [0, 10, 20, 30]
    assert [row["mean"] for row in rows] == [7.0, 4.5, 2.0, 1.5]
    assert [row["ended"] for row in rows] == [0, 0, 1, 1]
    assert {row["n"] for row in rows} == {2}
    assert "1 of them ended" in rows[-1]["shown"]


def test_the_last_mean_is_that_of_the_last_values():
    noise = np.random.default_rng(0)
    curves = {
        f"r{number}": dict(zip(range(0, end, 7), noise.random(99), strict=False))
        for number, end in enumerate((40, 90, 61))
    }
    rows = means(carried(runs(**curves), "epoch"))
    last = np.mean([list(curve.values())[-1] for curve in curves.values()])
    assert rows[-1]["mean"] == pytest.approx(last, rel=1e-4)


def test_places_where_a_number_is_not_finite_have_no_mean():
    curves = {"r0": {0: 1.0, 1: float("nan"), 2: 3.0}, "r1": {0: 1.0, 1: 1.0, 2: 1.0}}
    assert [row["epoch"] for row in means(carried(runs(**curves), "epoch"))] == [0, 2]


@pytest.mark.parametrize("log", [False, True])
def test_thinning_keeps_the_ends(log):
    frame = pd.DataFrame({"x": np.arange(10_000)})
    kept = thinned(frame, 50, log)["x"].tolist()
    assert (kept[0], kept[-1]) == (0, 9999)
    assert len(kept) <= 50
    assert kept == sorted(set(kept))
    early = sum(x < 100 for x in kept)
    assert early > 15 if log else early == 1


def test_few_rows_stay_as_they_are():
    frame = pd.DataFrame({"x": [3, 2]})
    assert thinned(frame) is frame
