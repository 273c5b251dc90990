"""The stored runs of a study as the evidence that claims are tested on."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paribus.claims.analysed import Analysed
from paribus.claims.evidence import Course, Ends, Values
from paribus.claims.metric import DERIVED_GAP, SHARES, quantity
from paribus.claims.places import Place, Places
from paribus.claims.selection import Condition, number
from paribus.claims.series import best_epoch, course_of
from paribus.results.derived import TRAINED
from paribus.results.tidy import CONFUSION, StudyResults, condition_label, positions
from paribus.statistics.guessing import stalls
from paribus.store.records import Measurement

GUESSABLE = ("cross_entropy", "kl_divergence")
"""Losses of which that of guessing is ln(classes)."""
STALL = "stall/depth"
"""The level of a scan at which training stalls, one more than the last where it never does."""


class StoredEvidence:
    """Implements `Evidence` on what a lab holds of a study."""

    def __init__(self, results: StudyResults) -> None:
        self._results = results
        self._places = Places(results)
        self._analysed = Analysed(results.analyses, results.document.get("analyses", []))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self._places.conditions

    def values(
        self, condition: Condition, metric: str, layer: str | None, epoch_rule: str
    ) -> Values:
        place = self._places.at(condition)
        if metric == STALL:
            return self._stall_depths(condition, place)
        if quantity(metric).plain and self._analysed.has(metric):
            return self._analysed.values(condition, metric, layer, place)
        found = {
            unit: self._value(key, metric, layer, epoch_rule)
            for unit, key in place.finished.items()
        }
        return _values(found, place)

    def courses(
        self, condition: Condition, metric: str, layer: str | None
    ) -> tuple[Values, Mapping[int, Course]]:
        place = self._places.at(condition)
        found: dict[int, Course] = {}
        last: dict[int, float | str] = {}
        for unit, key in place.finished.items():
            course = course_of(self._results.measurements[key], quantity(metric), layer)
            if isinstance(course, str):
                last[unit] = course
            else:
                found[unit], last[unit] = course, course.values[-1]
        return _values(last, place), found

    def layers(self, condition: Condition, metric: str) -> tuple[str, ...]:
        name = quantity(metric).names[0]
        place = self._places.at(condition)
        if self._analysed.has(name):
            return self._analysed.layers(condition, name, place)
        for key in place.finished.values():
            for one in self._results.measurements[key]:
                if one.name == name and "layer" in one.dims:
                    return tuple(str(label) for label in positions(one, "layer").tolist())
        return ()

    def resolution(self, metric: str) -> float | None:
        names = quantity(metric).names
        if names in ((STALL,), (TRAINED,)):
            return 1.0
        if not all(name.partition("/")[2] in SHARES for name in names):
            return None
        splits = (
            ("train", "test")
            if names == (DERIVED_GAP,)
            else [one.partition("/")[0] for one in names]
        )
        most = {"train": self._results.document["recipe"].get("evaluate_train", math.inf)}
        counts = [
            min(facts.get("examples", {}).get(split, 0), most.get(split, math.inf))
            for facts in self._results.provenance.values()
            for split in splits
        ]
        known = [count for count in counts if count]
        return 1 / min(known) if known else None

    def identical(
        self, first: Condition, second: Condition, metric: str | None
    ) -> dict[int, bool]:
        one, other = (self._places.at(condition).finished for condition in (first, second))
        found = {
            unit: self._same(one[unit], other[unit], metric)
            for unit in sorted(set(one) & set(other))
        }
        return {unit: same for unit, same in found.items() if same is not None}

    def learned(self, condition: Condition) -> Mapping[int, bool] | None:
        classes = self._classes(condition)
        if classes is None:
            return None
        place = self._places.at(condition)
        losses = {
            unit: self._value(key, "train/loss", None, "last")
            for unit, key in place.finished.items()
        }
        known = {unit: loss for unit, loss in losses.items() if not isinstance(loss, str)}
        return {unit: not stalls(loss, classes) for unit, loss in known.items()}

    def guessing(self, condition: Condition) -> float | None:
        classes = self._classes(condition)
        return None if classes is None else math.log(classes)

    def barriers(self, first: Condition, second: Condition, metric: str) -> Values:
        places = [self._places.at(condition) for condition in (first, second)]
        return self._analysed.barriers(first, second, metric, places)

    def ends(self, condition: Condition, epochs: int) -> Ends | str:
        place = self._places.at(condition)
        return self._analysed.ends(condition, sorted(place.finished), epochs)

    def leads_by_example(self, first: Condition, second: Condition) -> NDArray[np.float64] | None:
        one, other = (self._places.at(condition).finished for condition in (first, second))
        correct = self._results.correct
        pairs = [
            (correct[one[unit]], correct[other[unit]])
            for unit in sorted(set(one) & set(other))
            if one[unit] in correct and other[unit] in correct
        ]
        if not pairs:
            return None
        leads = [a.astype(np.float64) - b for a, b in pairs]
        return np.mean(leads, axis=0)

    def _value(self, key: str, metric: str, layer: str | None, epoch_rule: str) -> float | str:
        measured = self._results.measurements[key]
        course = course_of(measured, quantity(metric), layer)
        if isinstance(course, str):
            return course
        if epoch_rule == "last":
            return course.values[-1]
        epoch = best_epoch(measured)
        if epoch is None:
            return "there is no validation split to choose an epoch by"
        if epoch not in course.epochs:
            return f"{metric} was not measured at epoch {epoch}, the best on validation"
        return course.values[list(course.epochs).index(epoch)]

    def _same(self, first: str, second: str, metric: str | None) -> bool | None:
        """None where a metric was not measured of both."""
        one, other = (
            {a.name: a for a in self._results.measurements[key]} for key in (first, second)
        )
        both = set(one) & set(other)
        if metric is not None:
            names = set(quantity(metric).names)
            return all(_equal(one[n], other[n]) for n in names) if names <= both else None
        if first == second:
            return True
        weights = [self._results.weights.get(key) for key in (first, second)]
        alike = bool(both) and all(_equal(one[n], other[n]) for n in both)
        return alike and weights[0] is not None and weights[0] == weights[1]

    def _classes(self, condition: Condition) -> int | None:
        """How many classes, as confusion matrices count them; None where the loss knows none."""
        if self._setting(condition, "loss") not in GUESSABLE:
            return None
        own = [key for levels in self._places.at(condition).levels.values() for _, key in levels]
        # A condition of which nothing is measured has the classes of the study.
        for key in (*own, *self._results.measurements):
            for one in self._results.measurements[key]:
                if one.name == CONFUSION:
                    return one.values.shape[-1]
        return None

    def _setting(self, condition: Condition, field: str) -> Any:
        """A field of a condition's recipe that factors set as a whole, if they do."""
        document = self._results.document
        value = document["recipe"].get(field)
        for factor in document["factors"]:
            sets = factor["sets"].get(condition.get(factor["name"], ""), {})
            value = sets.get(field, value)
        return value

    def _stall_depths(self, condition: Condition, place: Place) -> Values:
        classes = self._classes(condition)
        labels = [label for levels in place.levels.values() for label, _ in levels]
        depths = {label: depth for label in labels if (depth := number(label)) is not None}
        if self._places.design.get("kind") != "scan" or classes is None:
            return Values(absent=f"{STALL} is of a scan over classes, and the study is none")
        if len(depths) < len(set(labels)):
            return Values(absent=f"{STALL} is of a scan over numbers, and its levels are none")
        found: dict[int, float] = {}
        censored = 0
        for unit, levels in place.levels.items():
            # A scan ends at the first level that stalls, or diverges; else it came to its end.
            label, key = levels[-1]
            loss = self._value(key, "train/loss", None, "last")
            known = not isinstance(loss, str) and not stalls(loss, classes)
            goes_on = known and unit not in place.diverged
            found[unit] = depths[label] + goes_on
            censored += goes_on
        name = condition_label(condition)
        note = (
            f"{censored} of {len(found)} scans of {name} met no stall and count as one level more"
        )
        return Values(found, missing=place.missing, notes=(note,) if censored else ())


def _values(found: Mapping[int, float | str], place: Place) -> Values:
    """What was found of finished runs: a number, or why there is none."""
    absent = [one for one in found.values() if isinstance(one, str)]
    if absent and len(absent) == len(found):
        return Values({}, place.diverged, place.missing, absent=absent[0])
    # What some runs lack is not dropped: they are counted among those without a finite value.
    numbers = {unit: math.nan if isinstance(one, str) else one for unit, one in found.items()}
    return Values(numbers, place.diverged, place.missing)


def _equal(first: Measurement, second: Measurement) -> bool:
    # NaN equals NaN: a quantity that is not defined on either side is no difference.
    return np.array_equal(first.values, second.values, equal_nan=True)
