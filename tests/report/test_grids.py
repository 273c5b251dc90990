"""Findings and means laid out as tables: units, intervals, n, and what is not there."""

import dataclasses
import math

import pytest

from paribus.claims import Order
from paribus.claims.findings import findings
from paribus.report import grids
from paribus.report.estimates import estimate_text, interval_text, p_text, stored_unit
from paribus.results.table import table
from paribus.results.tidy import tidy
from report.example_lab import CLAIMS, OURS, claimed, study
from results.example_studies import activation_runs, diverging

CHAIN = Order("test/accuracy", ["gelu", "relu", "tanh", "sigmoid"])


def found(*claims, replicates=5, **document):
    made = study("activations", replicates, claims=list(claims), **document)
    results = tidy(made, activation_runs(made))
    return results.document, findings(results)


def rows_of(grid):
    heads = [column.head for column in grid.columns]
    return [dict(zip(heads, row, strict=True)) for row in grid.rows]


def test_a_finding_to_read_has_its_unit_interval_n_and_corrected_p():
    document, told = found(*claimed(CLAIMS[0]))
    (row,) = rows_of(grids.findings_to_read(document, told))
    (one,) = told
    assert row["claim"] == one.claim
    assert row["metric and epoch"] == "test accuracy, last epoch"
    assert row["verdict"] == "supported"
    assert row["estimate"] == f"{100 * one.estimate:.2f} points"
    assert row["95 % interval"] == f"{100 * one.low:.2f} to {100 * one.high:.2f}"
    assert (row["n"], row["p"], row["declared"]) == ("5", "< 0.001", "registered")


def test_p_of_an_exploratory_claim_is_in_brackets_and_not_corrected():
    document, told = found(*claimed(*CLAIMS), *claimed(OURS, registered=False))
    row = rows_of(grids.findings_to_read(document, told))[-1]
    assert row["declared"] == "exploratory, ours"
    assert row["p"] == f"({p_text(told[-1].p)})"
    computed = rows_of(grids.findings_to_compute(document, told))[-1]
    assert (computed["p"], computed["p_adjusted"]) == (told[-1].p, None)
    assert computed["correction"] == "none"
    assert rows_of(grids.findings_to_compute(document, told))[0]["correction"] == grids.HOLM


def test_a_chain_has_a_row_for_each_link_to_compute_and_one_to_read():
    document, told = found(*claimed(CHAIN))
    assert len(grids.findings_to_read(document, told).rows) == 1
    rows = rows_of(grids.findings_to_compute(document, told))
    assert [row["comparison"] for row in rows] == [1, 2, 3]
    assert [row["claim"] for row in rows] == [1, 1, 1]
    assert [row["conditions"] for row in rows] == [
        "activation=gelu | activation=relu",
        "activation=relu | activation=tanh",
        "activation=tanh | activation=sigmoid",
    ]
    for row, link in zip(rows, told[0].links, strict=True):
        assert (row["estimate"], row["low"], row["high"]) == (link.estimate, link.low, link.high)
        assert (row["unit"], row["confidence"]) == ("share", 0.95)


def test_what_cannot_be_tested_has_dashes_to_read_and_nothing_to_compute():
    document, told = found(*claimed(CLAIMS[0]), replicates=1)
    (row,) = rows_of(grids.findings_to_read(document, told))
    assert (row["verdict"], row["estimate"]) == ("not testable", "\u2014")
    assert (row["95 % interval"], row["p"]) == ("\u2014", "\u2014")
    (row,) = rows_of(grids.findings_to_compute(document, told))
    assert [row[name] for name in ("estimate", "low", "high", "confidence", "p")] == [None] * 5


def test_a_claim_without_comparisons_has_a_row_all_the_same():
    document, told = found(*claimed(CLAIMS[0]))
    bare = [dataclasses.replace(told[0], links=())]
    (row,) = rows_of(grids.findings_to_compute(document, bare))
    assert (row["claim"], row["comparison"], row["n"]) == (1, None, None)
    assert row["why"] == told[0].why


def test_the_level_of_the_study_is_that_of_its_intervals():
    document, told = found(*claimed(CLAIMS[0]), registration={"level": 0.01, "at": "2026"})
    grid = grids.findings_to_read(document, told)
    assert "99 % interval" in grid.caption
    assert "99 % interval" in rows_of(grid)[0]
    assert rows_of(grids.findings_to_compute(document, told))[0]["confidence"] == 0.99


def test_means_to_read_are_in_per_cent_with_n_and_diverged():
    results = diverging()
    rows = table(results, ("test/accuracy", "test/loss"))
    read = rows_of(grids.means_to_read(results.document, rows))
    assert [row["activation"] for row in read] == ["sigmoid", "tanh", "relu", "gelu"]
    assert [(row["n"], row["diverged"]) for row in read][2] == ("4", "1")
    assert read[2]["Test accuracy (%)"] == "96.3 (95.7 to 97.0)"
    assert read[2]["Test loss (mean per example)"].startswith("0.1")


def test_means_to_compute_are_whole():
    rows = table(diverging(), ("test/accuracy", "test/loss"))
    read = rows_of(grids.means_to_compute(rows))
    assert len(read) == len(rows) == 8
    for line, row in zip(read, rows, strict=True):
        assert line["condition.activation"] == row["condition"]["activation"]
        for name in ("metric", "epoch_rule", "mean", "low", "high", "n", "diverged", "method"):
            assert line[name] == row[name]


def test_a_mean_without_an_interval_stands_alone():
    made = study("one", replicates=1)
    results = tidy(made, activation_runs(made))
    rows = table(results)
    cells = [
        row["Test accuracy (%)"] for row in rows_of(grids.means_to_read({**made.document}, rows))
    ]
    assert all(cell.replace(".", "").isdigit() for cell in cells)
    nothing = [dict(rows[0]) | {"mean": None, "low": None, "high": None, "n": 0}]
    (row,) = rows_of(grids.means_to_read(made.document, nothing))
    assert row["Test accuracy (%)"] == "\u2014"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (-0.0126, "points", "\u22121.26 points"),
        (0.25, "per cent", "25.00 %"),
        (10_752.6, "epochs", "10,753 epochs"),
        (-0.5, "correlation", "\u22120.50"),
        (1.48e-7, "number", "1.48e\u221207"),
        (-0.4, "replicates", "\u221240 % of replicates"),
        (math.inf, "number", "\u221e"),
        (math.nan, "number", "\u2014"),
        (None, "points", "\u2014"),
    ],
)
def test_estimates_are_told_in_their_unit(value, unit, expected):
    assert estimate_text(value, unit) == expected


def test_an_interval_without_an_end_says_so():
    assert interval_text(-math.inf, 2.0, "number") == "\u2212\u221e to 2"
    assert interval_text(math.nan, 2.0, "number") == ""


def test_the_unit_that_is_stored_is_named_where_another_is_told():
    assert stored_unit("points") == "share"
    assert stored_unit("replicates") == "share of replicates"
    assert stored_unit("epochs") == "epochs"
