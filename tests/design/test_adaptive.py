"""Adaptive designs: which runs of a grid they ask for, given what is known of others."""

import math
from dataclasses import dataclass, field
from itertools import product

import pytest

from paribus.design.adaptive import FIRST_TRIAL, Scan, Tuned
from paribus.design.factor import Factor
from paribus.statistics.guessing import STALLED, stalls

CLASSES = 10
CHANCE = math.log(CLASSES)
LEARNT, STUCK, DIVERGED = 0.1, CHANCE, math.nan
DEPTHS = ("1", "2", "3", "4")
SCAN = Scan(factor="depth")
WITH_REMEDIES = Scan(factor="depth", remedies="remedy")
FACTORS = (Factor("depth", list(DEPTHS)), Factor("remedy", ["none", "relu", "He"]))


@dataclass(frozen=True)
class Cell:
    replicate: int = 0
    labels: tuple[tuple[str, str], ...] = ()
    condition: dict[str, str] = field(compare=False, default_factory=dict)


def cell(replicate=0, **labels):
    return Cell(replicate, tuple(labels.items()), labels)


def grid(replicates=1, trials=0, **factors):
    """All cells, by condition and then by replicate, the last factor varying fastest."""
    return [
        cell(replicate, **dict(zip(factors, labels, strict=True)))
        for labels in product(*factors.values())
        for replicate in [*range(replicates), *range(FIRST_TRIAL, FIRST_TRIAL + trials)]
    ]


def trained(design, cells, outcome, *rest):
    """The cells trained, in their order, when every round trains all that is asked for."""
    scores, rounds = {}, []
    while True:
        wanted = design.wanted(cells, scores.get, *rest)
        assert len(set(wanted)) == len(wanted)
        fresh = [one for one in wanted if one not in scores]
        if not fresh:
            assert set(wanted) == set(scores)
            return list(scores), rounds
        rounds.append(fresh)
        scores |= {one: outcome(one) for one in fresh}


class TestStalling:
    def test_within_half_a_percent_of_guessing_or_above(self):
        edge = (1 - STALLED) * CHANCE
        assert pytest.approx(0.995 * CHANCE) == edge
        assert stalls(edge, CLASSES)
        assert not stalls(math.nextafter(edge, 0), CLASSES)
        assert stalls(2 * CHANCE, CLASSES)

    @pytest.mark.parametrize("loss", [math.nan, math.inf])
    def test_a_loss_that_is_not_finite(self, loss):
        assert stalls(loss, CLASSES)


class TestScan:
    def test_levels_are_trained_one_after_the_other_until_one_stalls(self):
        cells = grid(depth=DEPTHS)
        losses = {"1": LEARNT, "2": LEARNT, "3": STUCK, "4": LEARNT}
        found, rounds = trained(SCAN, cells, lambda one: losses[one.condition["depth"]], CLASSES)
        assert [one.condition["depth"] for one in found] == ["1", "2", "3"]
        assert [len(fresh) for fresh in rounds] == [1, 1, 1]

    def test_it_is_censored_at_the_last_level(self):
        cells = grid(depth=DEPTHS)
        found, _ = trained(SCAN, cells, lambda _: LEARNT, CLASSES)
        assert found == cells

    def test_a_run_that_diverged_has_stalled(self):
        cells = grid(depth=DEPTHS)
        found, _ = trained(SCAN, cells, lambda _: DIVERGED, CLASSES)
        assert [one.condition["depth"] for one in found] == ["1"]

    def test_the_order_is_the_factors_and_not_that_of_its_labels(self):
        cells = grid(depth=("9", "10", "2"))
        losses = {"9": LEARNT, "10": STUCK, "2": LEARNT}
        found, _ = trained(SCAN, cells, lambda one: losses[one.condition["depth"]], CLASSES)
        assert [one.condition["depth"] for one in found] == ["9", "10"]

    @pytest.mark.parametrize("first", [True, False], ids=["scanned first", "scanned last"])
    def test_every_replicate_and_other_condition_is_scanned_by_itself(self, first):
        factors = {"depth": DEPTHS, "activation": ("tanh", "relu")}
        if not first:
            factors = dict(reversed(factors.items()))
        ends = {("tanh", 0): 3, ("tanh", 1): 2, ("relu", 0): 1, ("relu", 1): 4}

        def outcome(one):
            depth = int(one.condition["depth"])
            return STUCK if depth == ends[one.condition["activation"], one.replicate] else LEARNT

        found, rounds = trained(SCAN, grid(replicates=2, **factors), outcome, CLASSES)
        for (activation, replicate), end in ends.items():
            mine = [
                int(one.condition["depth"])
                for one in found
                if (one.condition["activation"], one.replicate) == (activation, replicate)
            ]
            assert mine == list(range(1, end + 1))
        assert [len(fresh) for fresh in rounds] == [4, 3, 2, 1]

    def test_remedies_are_tried_at_the_level_that_stalls_alone(self):
        cells = grid(depth=DEPTHS, remedy=("none", "relu", "He"))

        def outcome(one):
            stuck = one.condition == {"depth": "3", "remedy": "none"}
            return STUCK if stuck else LEARNT

        found, rounds = trained(WITH_REMEDIES, cells, outcome, CLASSES)
        assert [tuple(one.condition.values()) for one in found] == [
            *(("1", "none"), ("2", "none"), ("3", "none"), ("3", "relu"), ("3", "He")),
        ]
        assert [len(fresh) for fresh in rounds] == [1, 1, 1, 2]

    def test_a_remedy_that_fails_changes_nothing(self):
        cells = grid(depth=DEPTHS, remedy=("none", "relu"))
        found, _ = trained(WITH_REMEDIES, cells, lambda _: STUCK, CLASSES)
        assert [tuple(one.condition.values()) for one in found] == [("1", "none"), ("1", "relu")]

    def test_without_a_stall_no_remedy_is_tried(self):
        cells = grid(depth=DEPTHS, remedy=("none", "relu"))
        found, _ = trained(WITH_REMEDIES, cells, lambda _: LEARNT, CLASSES)
        assert {one.condition["remedy"] for one in found} == {"none"}
        assert len(found) == len(DEPTHS)

    def test_what_is_known_beyond_a_stall_is_not_asked_for(self):
        cells = grid(depth=DEPTHS)
        known = dict(zip(cells, [LEARNT, STUCK, STUCK, LEARNT], strict=True))
        assert SCAN.wanted(cells, known.get, CLASSES) == cells[:2]

    def test_it_may_be_of_the_factors_that_there_are(self):
        assert WITH_REMEDIES.faults(FACTORS, CLASSES) == []

    def test_what_is_wrong_with_it_is_said_together(self):
        found = Scan(factor="dpeth", remedies="remdy").faults(FACTORS, 0)
        assert [str(fault) for fault in found] == [
            "design.factor: no factor 'dpeth'; did you mean 'depth'?",
            "design.remedies: no factor 'remdy'; did you mean 'remedy'?",
            "design: a scan asks for the loss of guessing, which only classes have",
        ]

    def test_remedies_are_another_factor(self):
        (fault,) = Scan(factor="depth", remedies="depth").faults(FACTORS, CLASSES)
        assert str(fault) == "design.remedies: got the scanned factor 'depth'"


RATES = ("0.001", "0.01", "0.1")
TUNED = Tuned(factor="rate", replicates=2)
JUDGED = 3


def tuned_grid(**factors):
    return grid(replicates=JUDGED, trials=TUNED.replicates, **factors)


def tuned(means, design=TUNED, **factors):
    """The cells kept, of trials that gave these means by rate."""
    cells = tuned_grid(rate=RATES, **factors)

    def score(one):
        assert one.replicate >= FIRST_TRIAL, "chosen by what is judged"
        spread = 0.01 if one.replicate == FIRST_TRIAL else -0.01
        return means[one.condition["rate"]] + spread

    return design.kept(cells, score)


class TestTuned:
    def test_all_levels_are_tried_and_one_is_judged_on_fresh_replicates(self):
        cells = tuned_grid(rate=RATES, model=("a", "b"))
        best = {"a": "0.1", "b": "0.001"}

        def outcome(one):
            return 0.9 if one.condition["rate"] == best[one.condition["model"]] else 0.5

        _, (trials, judged) = trained(TUNED, cells, outcome)
        assert trials == [one for one in cells if one.replicate >= FIRST_TRIAL]
        assert len(trials) == 3 * 2 * TUNED.replicates
        assert {(one.condition["model"], one.condition["rate"]) for one in judged} == set(
            best.items()
        )
        assert sorted(one.replicate for one in judged) == [0, 0, 1, 1, 2, 2]

    def test_a_condition_waits_for_its_own_trials_alone(self):
        cells = tuned_grid(rate=RATES, model=("a", "b"))

        def score(one):
            return 0.5 if one.condition["model"] == "a" and one.replicate >= FIRST_TRIAL else None

        kept = TUNED.kept(cells, score)
        assert {one.condition["model"] for one in kept} == {"a"}
        assert len(kept) == JUDGED

    def test_the_highest_mean_accuracy_is_best(self):
        kept = tuned({"0.001": 0.3, "0.01": 0.8, "0.1": 0.7})
        assert {one.condition["rate"] for one in kept} == {"0.01"}
        assert [one.replicate for one in kept] == [0, 1, 2]

    def test_the_lowest_mean_loss_is_best(self):
        by_loss = Tuned(factor="rate", metric="validation/loss", replicates=2)
        kept = tuned({"0.001": 0.3, "0.01": 0.8, "0.1": 0.7}, by_loss)
        assert {one.condition["rate"] for one in kept} == {"0.001"}

    def test_it_is_the_mean_that_counts_and_not_the_best_run(self):
        cells = tuned_grid(rate=RATES)
        scores = {
            ("0.001", FIRST_TRIAL): 0.9,
            ("0.001", FIRST_TRIAL + 1): 0.1,
            ("0.01", FIRST_TRIAL): 0.6,
            ("0.01", FIRST_TRIAL + 1): 0.6,
        }
        kept = TUNED.kept(
            cells, lambda one: scores.get((one.condition["rate"], one.replicate), 0.0)
        )
        assert {one.condition["rate"] for one in kept} == {"0.01"}

    @pytest.mark.parametrize("wild", RATES)
    def test_a_level_of_which_a_run_diverged_is_not_chosen(self, wild):
        means = {"0.001": 0.3, "0.01": 0.2, "0.1": 0.4} | {wild: math.nan}
        kept = tuned(means)
        best = {"0.001": "0.1", "0.01": "0.1", "0.1": "0.001"}[wild]
        assert {one.condition["rate"] for one in kept} == {best}

    def test_where_a_run_of_every_level_diverged_the_first_is_judged(self):
        kept = tuned(dict.fromkeys(RATES, math.nan))
        assert {one.condition["rate"] for one in kept} == {"0.001"}

    def test_of_equals_the_first_is_chosen(self):
        kept = tuned(dict.fromkeys(RATES, 0.5))
        assert {one.condition["rate"] for one in kept} == {"0.001"}

    def test_means_are_unknown_until_every_trial_is_trained(self):
        cells = tuned_grid(rate=RATES)
        scores = {
            cell(FIRST_TRIAL, rate="0.1"): 0.4,
            cell(FIRST_TRIAL + 1, rate="0.1"): 0.6,
            cell(FIRST_TRIAL, rate="0.01"): 0.1,
        }
        assert TUNED.means(cells, scores.get) == {
            (): {"0.001": None, "0.01": None, "0.1": pytest.approx(0.5)}
        }

    def test_it_may_be_of_the_factors_that_there_are(self):
        assert TUNED.faults([Factor("rate", list(RATES))], 100, True) == []

    def test_what_is_wrong_with_it_is_said_together(self):
        found = Tuned(factor="rte").faults([Factor("rate", list(RATES))], 0, False)
        assert [str(fault) for fault in found] == [
            "design.factor: no factor 'rte'; did you mean 'rate'?",
            "design: chooses on validation: set data.validation to a number of examples",
            "design.metric: got 'validation/accuracy'; without classes only validation/loss is "
            "measured",
        ]
