import numpy as np
import pytest
from scipy import stats

from paribus.claims.findings import findings
from paribus.claims.order import Order
from paribus.claims.pairs import Better, Equal, NotWorse
from paribus.claims.values import Above
from paribus.report.figures import file_spec, page_specs
from paribus.report.forest import DRAWN, forest_plots, margins_of
from paribus.report.theme import CATEGORICAL
from report.claimed_studies import claimed, noted, twins

A, B, C = [0.90, 0.91, 0.92], [0.80, 0.83, 0.81], [0.905, 0.90, 0.925]


def plots(results):
    return forest_plots(findings(results), results.document["primary"])


def rows(figure):
    return figure.data[f"{figure.name}-rows"]


def test_a_row_is_the_paired_difference_in_points_with_its_t_interval():
    (figure,) = plots(claimed({"a": A, "b": B}, [noted(Better("test/accuracy", "a", "b"))]))
    (row,) = rows(figure)
    found = stats.ttest_rel(A, B).confidence_interval(0.95)
    assert row["label"] == "1: a \u2212 b"
    assert row["mean"] == pytest.approx(100 * np.mean(np.subtract(A, B)), rel=1e-4)
    assert [row["low"], row["high"]] == pytest.approx(
        [100 * found.low, 100 * found.high], rel=1e-4
    )
    assert row["verdict"] == "supported"
    assert "n\u00a0=\u00a03 replicates; paired Student t, 95 % interval" in figure.note


def test_rows_are_in_the_order_of_the_claims_and_marked_where_exploratory():
    claims = [
        noted(Order("test/accuracy", ["c", "a", "b"])),
        noted(Better("test/accuracy", "b", "a"), registered=False),
    ]
    (figure,) = plots(claimed({"a": A, "b": B, "c": C}, claims))
    assert [row["label"] for row in rows(figure)] == [
        "1: c \u2212 a",
        "1: a \u2212 b",
        "2, exploratory: b \u2212 a",
    ]
    assert [row["verdict"] for row in rows(figure)] == ["undecided", "supported", "refuted"]
    assert [one.label for one in figure.key] == ["supported", "refuted", "undecided"]


@pytest.mark.parametrize(
    ("claim", "places"),
    [
        (Better("test/accuracy", "a", "b", margin=0.01), [0.01]),
        (Better("test/loss", "a", "b", margin=0.01), [-0.01]),
        (NotWorse("test/accuracy", "a", "b", margin=0.01), [-0.01]),
        (NotWorse("test/loss", "a", "b", margin=0.01), [0.01]),
        (Equal("test/accuracy", "a", "b", margin=0.02), [-0.02, 0.02]),
        (Better("test/accuracy", "a", "b"), []),
    ],
    ids=["better", "better loss", "not worse", "not worse loss", "equal", "no margin"],
)
def test_a_margin_is_drawn_where_the_claim_begins_to_hold(claim, places):
    results = claimed({"a": A, "b": B}, [noted(claim)], metric=claim.metric)
    assert margins_of(findings(results)[0]) == places
    (figure,) = plots(results)
    scale = 100 if claim.metric == "test/accuracy" else 1
    drawn = [one["value"] for one in figure.data[f"{figure.name}-margins"]]
    assert drawn == pytest.approx([scale * place for place in places])
    assert ("margin of the claim" in [one.label for one in figure.key]) == bool(places)


def test_each_metric_has_a_figure_and_the_primary_one_comes_first():
    claims = [
        noted(Better("test/accuracy", "a", "b", relative=True)),
        noted(Better("test/accuracy", "a", "b")),
    ]
    shown = plots(claimed({"a": A, "b": B}, claims))
    names = [one.name for one in shown]
    assert names == ["forest-test-accuracy-relative", "forest-test-accuracy"]
    first = rows(shown[0])[0]["mean"]
    assert first == pytest.approx(100 * np.mean(np.subtract(A, B) / B), rel=1e-4)


def test_what_is_no_difference_is_not_drawn():
    claims = [noted(Above("test/accuracy", 0.5, "a"))]
    assert plots(claimed({"a": A, "b": B}, claims)) == []
    assert (
        plots(claimed({"a": A[:1], "b": B[:1]}, [noted(Better("test/accuracy", "a", "b"))])) == []
    )


def test_identical_runs_lie_at_nought():
    (figure,) = plots(twins([noted(Equal("test/accuracy", "a", "b"))]))
    (row,) = rows(figure)
    assert (row["low"], row["mean"], row["high"]) == (0, 0, 0)
    assert figure.note.startswith("All runs compared are identical.")


def test_the_chart_is_valid_for_page_and_file():
    claims = [noted(Order("test/accuracy", ["c", "a", "b"], margin=0.01))]
    (figure,) = plots(claimed({"a": A, "b": B, "c": C}, claims))
    figure.panels[0].chart.to_dict()  # validates against the schema of Vega-Lite
    assert len(page_specs(figure)) == 1
    assert file_spec(figure)["title"]["text"] == "Paired differences in test accuracy"


def test_verdicts_are_told_apart_without_colour():
    assert {colour for _, colour in DRAWN.values()} <= set(CATEGORICAL)  # seen in light and dark
    assert len({shape for shape, _ in DRAWN.values()}) == len(DRAWN)
