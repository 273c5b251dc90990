import itertools

import numpy as np
import pytest
from scipy import stats

from paribus.report.estimates import p_text
from paribus.report.exhibits import Absent, Sheet
from paribus.report.matrix import all_pairs
from paribus.results.tidy import tidy
from paribus.store.records import Measurement
from report.claimed_studies import claimed, twins
from results.example_studies import activations, entry, factor, stored

VALUES = {
    "a": [0.90, 0.91, 0.92, 0.905],
    "b": [0.80, 0.83, 0.81, 0.82],
    "c": [0.905, 0.90, 0.925, 0.91],
}


def cells(figure):
    return {(row["row"], row["column"]): row for row in figure.data["pairs"]}


def holm_by_hand(ps):
    """Each p-value times the number of those that are not smaller; never falling."""
    order = sorted(ps, key=ps.get)
    found, largest = {}, 0.0
    for rank, name in enumerate(order):
        largest = max(largest, min(1.0, ps[name] * (len(ps) - rank)))
        found[name] = largest
    return found


def test_every_cell_is_row_minus_column_in_points():
    figure, sheet = all_pairs(claimed(VALUES))
    found = cells(figure)
    assert len(found) == 6
    for row, column in itertools.permutations("abc", 2):
        mean = 100 * np.mean(np.subtract(VALUES[row], VALUES[column]))
        text = found[row, column]["text"].rstrip("*").replace("\u2212", "-")
        assert float(text) == pytest.approx(mean, abs=0.051)
    assert found["a", "b"]["hue"] != found["b", "a"]["hue"]
    assert [row[0].text for row in sheet.rows] == ["a \u2212 b", "a \u2212 c", "b \u2212 c"]


def test_marks_are_of_p_values_corrected_for_all_pairs():
    figure, sheet = all_pairs(claimed(VALUES))
    pairs = list(itertools.combinations("abc", 2))
    ps = holm_by_hand(
        {(one, two): stats.ttest_rel(VALUES[one], VALUES[two]).pvalue for one, two in pairs}
    )
    found = cells(figure)
    for pair, p in ps.items():
        assert found[pair]["bold"] == ("*" in found[pair]["text"]) == (p < 0.05)
    assert {found[pair]["bold"] for pair in pairs} == {True, False}
    assert [row[3].text for row in sheet.rows] == [p_text(ps[pair]) for pair in pairs]
    assert "corrected for 3 pairs" in figure.note
    assert "exploratory" in figure.note


def test_identical_runs_are_called_so_and_not_tested():
    figure, sheet = all_pairs(twins())
    found = cells(figure)["a", "b"]
    assert (found["text"], found["long"], found["shown"], found["bold"]) == (
        "=",
        "identical",
        "identical",
        False,
    )
    assert "corrected for 2 pairs" in figure.note
    assert [cell.text for cell in sheet.rows[0]] == ["a \u2212 b", "identical", "3", "\u2014"]


def test_where_some_replicates_stalled_no_mean_is_told():
    study = entry(
        [factor("way", ["a", "b", "c"], "way")], 2, recipe={"loss": "cross_entropy"}, claims=[]
    )
    runs = []
    for member in study.members:
        stalls = (member.condition["way"], member.replicate) == ("a", 1)
        ends = {"test/accuracy": 0.1 if stalls else 0.9, "train/loss": 2.31 if stalls else 0.2}
        measured = [Measurement(name, np.array([value])) for name, value in ends.items()]
        counts = Measurement("test/confusion", np.ones((10, 10)), ("true", "predicted"))
        runs.append(stored(member, [*measured, counts]))
    figure, sheet = all_pairs(tidy(study, runs))
    found = cells(figure)
    assert [found[pair]["shown"] for pair in (("a", "b"), ("c", "a"))] == ["some stalled"] * 2
    assert found["b", "c"]["text"] == "0.0"
    assert "some replicates stalled" in sheet.note
    assert "corrected for 1 pair (Holm)" in sheet.note


def test_equal_means_have_no_sign():
    values = {"a": [0.8, 0.9], "b": [0.9, 0.8], "c": [0.5, 0.6]}
    figure, _ = all_pairs(claimed(values))
    assert {cells(figure)[pair]["text"].rstrip("0") for pair in (("a", "b"), ("b", "a"))} == {"0."}


def test_two_conditions_need_no_matrix():
    (sheet,) = all_pairs(claimed({name: VALUES[name] for name in "ab"}))
    assert isinstance(sheet, Sheet)
    assert not sheet.folded


@pytest.mark.parametrize(
    "values",
    [{"a": [0.9, 0.8]}, {"a": [0.9], "b": [0.8], "c": [0.7]}],
    ids=["one condition", "one replicate"],
)
def test_nothing_is_shown_of_what_cannot_be_compared(values):
    assert all_pairs(claimed(values)) == []


def test_too_many_conditions_are_absent_with_what_to_do():
    many = {f"c{number}": [0.5 + 0.001 * number, 0.6] for number in range(21)}
    (absent,) = all_pairs(claimed(many))
    assert isinstance(absent, Absent)
    assert "21 conditions make 210 pairs" in absent.missing
    assert "Declare the comparisons that matter as claims" in absent.missing
    del many["c20"]
    assert len(all_pairs(claimed(many))) == 2


def test_the_chart_is_valid():
    figure, _ = all_pairs(activations(3))
    figure.panels[0].chart.to_dict()  # validates against the schema of Vega-Lite
    assert len(figure.data["pairs"]) == 12


def test_a_loss_is_not_in_points():
    figure, sheet = all_pairs(claimed(VALUES, metric="test/loss"))
    assert "points" not in figure.title
    assert sheet.heads[1] == "difference"
    assert float(cells(figure)["a", "b"]["text"].rstrip("*")) == pytest.approx(0.09, abs=0.01)
