import numpy as np
import pytest

from paribus.report.summary import spoken, summary
from paribus.results.table import table
from paribus.results.tidy import tidy
from paribus.store.records import Measurement
from results.example_studies import (
    ACTIVATIONS,
    activation_runs,
    activations,
    diverging,
    entry,
    factor,
    regression,
    stored,
)

NBSP = "\u00a0"


def told(results):
    return summary(results, table(results, (results.document["primary"],)))


def two(first, second, metric="test/accuracy"):
    """A study of two conditions whose runs end with these values."""
    study = entry([factor("way", ["a", "b"], "way")], len(first), primary=metric)
    values = dict(zip([member.key for member in study.members], [*first, *second], strict=True))
    runs = [
        stored(member, [Measurement(metric, np.array([values[member.key]]))])
        for member in study.members
    ]
    return tidy(study, runs)


def test_best_and_worst_with_interval_n_epoch_and_split():
    first, caution = told(two([0.90, 0.91, 0.92], [0.80, 0.81, 0.82]))
    assert first.replace(NBSP, " ") == (
        "a reached the higher mean test accuracy, 91.0 % (95 % interval 88.5 to 93.5, "
        "n = 3 replicates, last epoch, test split); b the lower, 81.0 % (95 % interval "
        "78.5 to 83.5, n = 3 replicates, last epoch, test split)."
    )
    assert caution.startswith("The interval of a overlaps with no other.")
    assert "that takes the differences between runs of one replicate" in caution


def test_overlap_is_said():
    caution = told(two([0.90, 0.91, 0.92], [0.89, 0.90, 0.91]))[1]
    assert caution.startswith("The interval of a overlaps with that of b. Overlapping intervals")


def several(*values):
    """A study whose conditions a, b, c, ... end with these values."""
    labels = "abcdef"[: len(values)]
    most = max(map(len, values))
    study = entry([factor("way", list(labels), "way")], most, primary="test/accuracy")
    runs = []
    for member in study.members:
        ends = values[labels.index(member.condition["way"])]
        if member.replicate < len(ends):
            end = np.array([ends[member.replicate]])
            runs.append(stored(member, [Measurement("test/accuracy", end)]))
    return tidy(study, runs)


def test_a_condition_without_an_interval_hides_no_overlap():
    caution = told(several([0.90, 0.92], [0.89, 0.91], [0.50]))[1]
    assert caution.startswith("The interval of a overlaps with that of b. Overlapping")
    assert "Without an interval, for want of replicates: c." in caution
    between = told(several([0.900, 0.901], [0.8], [0.100, 0.101]))[1]
    assert between.startswith(
        "The interval of a overlaps with no other. Without an interval, for want of replicates: b."
    )


def test_what_is_claimed_is_not_told_by_overlap():
    claims = [{"kind": "better", "sentence": "tanh is best"}]
    assert len(told(activations(2))) == 2
    (only,) = told(activations(2, claims=claims))
    assert only.startswith("Of 4 conditions")


def test_lower_loss_is_better():
    first = told(two([0.3, 0.31], [0.2, 0.21], "test/loss"))[0]
    assert first.startswith("b reached the lower mean test loss")


def test_one_replicate_claims_nothing():
    sentences = told(activations(1))
    assert "no interval" in sentences[0]
    assert "the order may be chance" in sentences[1]


def test_equal_means_have_no_winner():
    assert told(two([0.5, 0.6], [0.6, 0.5]))[0].startswith("All conditions reached the same mean")


def test_diverged_runs_are_named():
    sentence = told(diverging())[-1]
    assert sentence == "1 of 20 runs diverged; it is counted, not averaged (relu 1)."


def test_missing_runs_are_counted():
    study = entry([ACTIVATIONS], 2)
    runs = [run for run in activation_runs(study) if run.key != "tanh-1"]
    assert told(tidy(study, runs))[-1].startswith("1 of 8 planned runs is not stored")


def test_only_diverged_runs_have_no_result():
    study = entry([ACTIVATIONS], 1)
    runs = [stored(m, [], status="diverged", diverged_epoch=1) for m in study.members]
    results = tidy(study, runs)
    assert summary(results, [])[0] == "No run finished, so there is no test accuracy to report."


def test_regression_speaks_of_loss():
    assert told(regression())[0].startswith("l2 reached the lower mean test loss")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ({"activation": "relu"}, "relu"),
        ({"batch size": "32"}, "batch size 32"),
        ({"activation": "relu", "width": "8"}, "activation relu, width 8"),
        ({}, "one condition"),
    ],
)
def test_spoken(condition, text):
    assert spoken(condition) == text
