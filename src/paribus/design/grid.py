"""From factors to conditions: every combination, or one factor at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any, Literal

from paribus.design.factor import Factor

Design = Literal["factorial", "one at a time"]


@dataclass(frozen=True)
class Condition:
    """One combination of levels: `labels` by factor, and the recipe fields that they set."""

    labels: MappingProxyType[str, str]
    sets: MappingProxyType[str, Any]


def conditions(factors: Sequence[Factor], design: Design) -> list[Condition]:
    """The conditions of a design, the last factor varying fastest.

    "factorial": all combinations. "one at a time": the first level of every factor (the
    baseline), and each other level beside the baseline of the other factors.
    Without factors there is one condition, the recipe itself.

    >>> pair = [Factor("a", [1, 2]), Factor("b", [3, 4])]
    >>> [tuple(c.labels.values()) for c in conditions(pair, "one at a time")]
    [('1', '3'), ('2', '3'), ('1', '4')]
    """
    if design == "factorial":
        combinations = list(product(*(factor.labels for factor in factors)))
    else:
        baseline = tuple(factor.labels[0] for factor in factors)
        combinations = [baseline]
        for index, factor in enumerate(factors):
            for label in factor.labels[1:]:
                combinations.append((*baseline[:index], label, *baseline[index + 1 :]))
    return [_condition(factors, labels) for labels in combinations]


def _condition(factors: Sequence[Factor], labels: tuple[str, ...]) -> Condition:
    named = {factor.name: label for factor, label in zip(factors, labels, strict=True)}
    sets: dict[str, Any] = {}
    for factor, label in zip(factors, labels, strict=True):
        sets |= factor.sets[label]
    return Condition(MappingProxyType(named), MappingProxyType(sets))
