"""What stored runs say to claims: epochs, layers, chosen levels, analyses, the test set."""

import math
from dataclasses import replace

import numpy as np
import pytest

from claims.example_evidence import (
    ACCURACY,
    CHANCE,
    EXAMPLES,
    Run,
    apart,
    ends,
    found,
    results,
)
from paribus.claims import (
    Above,
    Better,
    CountLayers,
    Falls,
    Identical,
    Learns,
    Noisier,
    NotWorse,
    Order,
    Rises,
    Sooner,
    Stalls,
    Trend,
)
from paribus.claims.stored import StoredEvidence
from paribus.store.records import Measurement

A, B = {"arm": "a"}, {"arm": "b"}
BETTER = Better(ACCURACY, "a", "b")
BEST = Better(ACCURACY, "a", "b", epoch_rule="best validation")
NORM = "gradient/norm"


def validated(validation, test):
    return [
        Run({"validation/accuracy": validation, ACCURACY: np.add(test, number / 1000)})
        for number in range(3)
    ]


def test_the_best_epoch_is_chosen_on_validation_and_never_on_test():
    arms = {
        "a": validated([0.1, 0.9, 0.8, 0.9], [0.1, 0.5, 0.95, 0.7]),
        "b": validated([0.9, 0.8, 0.7, 0.6], [0.3, 0.99, 0.6, 0.6]),
    }
    assert found(arms, BEST).estimate == pytest.approx(0.5 - 0.3)
    assert found(arms, BETTER).estimate == pytest.approx(0.7 - 0.6)


def test_without_accuracy_the_best_epoch_is_that_of_the_least_validation_loss():
    runs = [Run({"validation/loss": [3, 1, 2], "test/loss": [9, 5, n]}) for n in range(3)]
    evidence = StoredEvidence(results({"a": runs}))
    assert evidence.values(A, "test/loss", None, "best validation").by_unit == dict.fromkeys(
        range(3), 5.0
    )


def test_without_a_validation_split_no_epoch_is_the_best():
    finding = found(apart(a=0.02, b=0.0), BEST)
    assert finding.verdict == "not testable"
    assert finding.why == "there is no validation split to choose an epoch by"


def test_what_was_not_measured_at_the_best_epoch_is_not_testable():
    at_end = Measurement(ACCURACY, np.array([0.9]), coords={"epoch": np.array([2])})
    runs = [Run({"validation/accuracy": [0.1, 0.9, 0.5]}, measured=(at_end,))] * 3
    finding = found({"a": runs, "b": runs}, BEST)
    assert finding.why == f"{ACCURACY} was not measured at epoch 1, the best on validation"


def layered(*values):
    return [Run(layers={NORM: np.add(values, number / 1e4)}) for number in range(4)]


def test_a_claim_of_every_layer_has_a_link_for_each():
    arms = {"a": layered(0.5, 0.4, 0.3), "b": layered(0.1, 0.4, 0.2)}
    finding = found(arms, Better(NORM, "a", "b", layer="every"))
    assert [link.layer for link in finding.links] == ["1", "2", "3"]
    assert [link.verdict for link in finding.links] == ["supported", "undecided", "supported"]
    assert "layer 2" in finding.why
    falls = found(arms, Falls(NORM, "a", layer="every"))
    assert [link.layer for link in falls.links] == ["1", "2", "3"]
    assert falls.why.endswith("was measured at one epoch alone: it has no start and end")


def test_every_layer_is_that_of_what_a_change_is_of():
    finding = found(
        {"a": layered(0.5, 0.4)}, Above("fall of gradient/norm", 0.0, "a", layer="every")
    )
    assert [link.layer for link in finding.links] == ["1", "2"]


@pytest.mark.parametrize(("layer", "estimate"), [("first", 0.5), ("last", 0.3), ("2", 0.4)])
def test_one_layer_is_named_by_its_place(layer, estimate):
    finding = found({"a": layered(0.5, 0.4, 0.3)}, Above(NORM, 0.0, "a", layer=layer))
    assert finding.estimate == pytest.approx(estimate, abs=1e-3)


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (Above(NORM, 0.0, "a"), "has a value for each layer: name one in the claim"),
        (Above(NORM, 0.0, "a", layer="4"), "has no layer '4'; it has 1, 2, 3"),
        (Above("gradient/total", 0.0, "a", layer="1"), "gradient/total is of a whole network"),
        (Above("second_phase/norm", 0.0, "a"), "has the axes epoch, iteration: a claim is of one"),
        (CountLayers((1, 2), "a", metric="gradient/total"), "is of a whole network"),
        (CountLayers((1, 2), "a", metric="gradient/mean"), "gradient/mean was not measured"),
    ],
)
def test_a_metric_that_is_no_single_number_is_not_testable(claim, why):
    steps = Measurement("second_phase/norm", np.zeros((1, 5)), ("epoch", "iteration"))
    runs = [
        Run({"gradient/total": [1.0]}, layers={NORM: (0.5, 0.4, 0.3)}, measured=(steps,))
        for _ in range(3)
    ]
    finding = found({"a": runs}, claim)
    assert finding.verdict == "not testable"
    assert why in finding.why


def test_courses_without_an_epoch_in_common_are_not_testable():
    first = Measurement("train/accuracy", np.array([0.9]), coords={"epoch": np.array([1])})
    other = Measurement(ACCURACY, np.array([0.8]), coords={"epoch": np.array([2])})
    runs = [Run(measured=(first, other))] * 3
    for claim in (
        Above("train/accuracy - test/accuracy", 0.0, "a"),
        Rises("train/accuracy - test/accuracy", "a"),
    ):
        finding = found({"a": runs}, claim)
        assert finding.verdict == "not testable"
        assert finding.why.endswith("measured at no epoch in common")


def test_what_was_measured_once_has_no_course():
    arms = apart(a=0.02, b=0.0)
    for claim, why in (
        (Rises(ACCURACY, "a"), "it has no start and end"),
        (Sooner(ACCURACY, "a", "b", reaching=0.5), "nothing comes sooner or later"),
        (Noisier(ACCURACY, "a", "b"), "was measured at fewer than 3 epochs"),
    ):
        finding = found(arms, claim)
        assert finding.verdict == "not testable"
        assert finding.why.endswith(why)


def test_runs_that_never_arrive_count_as_the_end_and_are_told():
    def runs(*times):
        return [Run({ACCURACY: [float(epoch >= one) for epoch in range(11)]}) for one in times]

    arms = {"a": runs(2, 3, 4), "b": runs(8, 99, 99)}
    (link,) = found(arms, Sooner(ACCURACY, "a", "b", reaching=0.5)).links
    assert link.estimate == pytest.approx(np.mean([2 - 8, 3 - 10, 4 - 10]))
    assert link.notes == ("2 of 3 runs of arm b did not get there in 10 epochs and count as that",)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (Sooner(ACCURACY, "a", "b", reaching=0.5), "refuted"),
        (Noisier(ACCURACY, "a", "b"), "refuted"),
        (Trend(ACCURACY, ["a", "b", "c"], "up"), "refuted"),
        (Order(ACCURACY, ["a", "b", "c"]), "refuted"),
    ],
)
def test_identical_runs_are_never_tested_whatever_the_family(claim, verdict):
    runs = [Run({ACCURACY: [0.1, 0.9, 0.8, 0.7]}, key=f"run {number}") for number in range(3)]
    finding = found(dict.fromkeys("abc", runs), claim)
    assert (finding.verdict, finding.method, finding.p) == (verdict, "identical runs", None)


def test_one_metric_may_be_identical_where_the_runs_are_not():
    arms = {
        name: [Run({"batch/loss": [1.0, 0.5], "test/loss": [lead]}) for _ in range(2)]
        for name, lead in (("a", 0.1), ("b", 0.2))
    }
    arms["b"][1] = Run({"batch/loss": [1.0, 0.51], "test/loss": [0.2]})
    arms |= {"c": arms["b"][:1] * 2}
    same = Identical("a", "c", metric="batch/loss")
    assert found(arms, same).verdict == "supported"
    differ = found(arms, Identical("a", "b", metric="batch/loss"))
    assert differ.verdict == "refuted"
    assert differ.why.startswith("1 of 2 replicates have the same courses of batch/loss")
    near = found(arms, Identical("a", "b", metric="batch/loss", margin=0.02))
    assert near.verdict == "supported"
    assert near.estimate == pytest.approx(0.01)
    assert found(arms, Identical("a", "b")).verdict == "refuted"


def test_identical_of_a_metric_that_was_not_measured_is_not_testable():
    finding = found(apart(a=0.0, b=0.0), Identical("a", "b", metric="batch/loss"))
    assert finding.verdict == "not testable"
    assert finding.why.startswith("batch/loss was not measured; did you mean 'train/loss'?")


def test_identical_of_one_layer_looks_at_that_layer():
    arms = {"a": layered(0.5, 0.4), "b": layered(0.5, 0.3)}
    assert found(arms, Identical("a", "b", metric=NORM, layer="1")).verdict == "supported"
    assert found(arms, Identical("a", "b", metric=NORM, layer="2")).verdict == "refuted"
    assert found(arms, Identical("a", "b", metric=NORM)).verdict == "refuted"


def test_identical_counts_what_has_no_run():
    same = [Run({ACCURACY: [0.9]}, key=f"run {number}") for number in range(3)]
    (link,) = found({"a": same, "b": [*same[:2], None]}, Identical("a", "b")).links
    assert (link.verdict, link.n) == ("supported", 2)
    assert link.notes == ("1 run not stored: counted, not averaged",)


def test_the_resolution_is_one_example_of_the_split_that_is_measured():
    study = results(apart(a=0.0), recipe={"loss": "cross_entropy", "evaluate_train": 2_000})
    evidence = StoredEvidence(study)
    assert evidence.resolution(ACCURACY) == 1 / EXAMPLES["test"]
    assert evidence.resolution("validation/recall") == 1 / EXAMPLES["validation"]
    assert evidence.resolution("train/accuracy") == 1 / 2_000
    for gap in ("train/accuracy - test/accuracy", "gap/accuracy"):
        assert evidence.resolution(gap) == 1 / EXAMPLES["test"]
    assert evidence.resolution("test/loss") is None
    assert evidence.resolution("stall/depth") == 1.0


def test_the_error_of_a_finite_test_set_is_that_of_the_mean_over_examples():
    random = np.random.default_rng(0)
    arms = {
        name: [
            replace(run, correct=random.random(EXAMPLES["test"]) < share)
            for run in apart(**{name: 0.0})[name]
        ]
        for name, share in (("a", 0.9), ("b", 0.8))
    }
    (link,) = found(arms, BETTER).links
    right = {name: np.array([run.correct for run in runs], float) for name, runs in arms.items()}
    lead = (right["a"] - right["b"]).mean(axis=0)
    expected = math.sqrt(((lead - lead.mean()) ** 2).sum() / (lead.size - 1) / lead.size)
    assert link.test_error == pytest.approx(expected, rel=1e-12)
    relative = NotWorse(ACCURACY, "a", "b", relative=True, margin=0.1)
    assert found(arms, relative).links[0].test_error is None


def test_the_error_of_the_test_set_is_of_final_models_alone():
    arms = {
        "a": validated([0.1, 0.9, 0.8], [0.1, 0.5, 0.9]),
        "b": validated([0.1, 0.9, 0.7], [0.2, 0.6, 0.8]),
    }
    assert found(arms, BETTER).links[0].test_error is None
    known = {
        name: [replace(run, correct=[True, False, name == "a"]) for run in runs]
        for name, runs in arms.items()
    }
    assert found(known, BETTER).links[0].test_error == pytest.approx(1 / 3)
    assert found(known, BEST).links[0].test_error is None


def test_the_correlation_that_pairing_achieved_is_told():
    a, b = [0.90, 0.91, 0.93, 0.92], [0.80, 0.82, 0.83, 0.81]
    (link,) = found({"a": ends(a), "b": ends(b)}, BETTER).links
    assert link.correlation == pytest.approx(np.corrcoef(a, b)[0, 1])
    (link,) = found({"a": ends(a[:2]), "b": ends(b[:2])}, BETTER).links
    assert link.correlation is None


def test_learning_is_against_the_classes_of_the_condition():
    two = Measurement("test/confusion", np.zeros((2, 2), int), ("true", "predicted"))
    runs = [Run({"train/loss": [0.68]}, measured=(two,))] * 2
    arms = {"a": runs, "b": ends([2.302, 2.303], "train/loss")}
    evidence = StoredEvidence(results(arms))
    assert evidence.guessing(A) == pytest.approx(math.log(2))
    assert evidence.guessing(B) == pytest.approx(math.log(10))
    assert evidence.learned(A) == {0: True, 1: True}
    assert evidence.learned(B) == {0: False, 1: False}


REGRESSION = {"loss": "mean_squared_error"}
FACTOR = {"name": "arm", "labels": ["a"], "sets": {"a": REGRESSION}}


@pytest.mark.parametrize(
    "document", [{"recipe": REGRESSION}, {"factors": [FACTOR]}], ids=["recipe", "level"]
)
def test_guessing_has_no_loss_but_for_classes(document):
    made = results({"a": ends([0.1, 0.2], "train/loss")})
    evidence = StoredEvidence(replace(made, document={**made.document, **document}))
    assert evidence.learned(A) is None
    assert evidence.guessing(A) is None


def test_claims_about_learning_are_not_testable_without_guessing():
    finding = found({"a": ends([0.1, 0.2], "train/loss")}, Learns("a"), recipe=REGRESSION)
    assert finding.verdict == "not testable"
    assert finding.why.startswith("guessing has a known loss for cross-entropy and KL")


def test_only_the_share_that_is_asked_for_must_learn():
    arms = {"a": [Run({"train/loss": [loss]}) for loss in [0.1] * 11 + [CHANCE] * 9]}
    assert found(arms, Learns("a", share=0.55)).verdict == "supported"
    assert found(arms, Learns("a", share=0.56)).verdict == "refuted"
    finding = found(arms, Stalls("a", share=0.45))
    assert (finding.verdict, finding.estimate, finding.n) == ("supported", 0.45, 20)
    assert finding.why == "9 of 20 replicates of arm a do"
