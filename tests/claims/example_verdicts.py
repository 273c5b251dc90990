"""Studies on which every family of claims reaches each verdict that it can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from claims.example_evidence import (
    ACCURACY,
    CHANCE,
    NOISE,
    Run,
    apart,
    barriers,
    ends,
    found,
    paths,
)
from paribus import claims
from paribus.store.records import Measurement

FAMILIES = {
    family.model_fields["kind"].default: family
    for family in get_args(get_args(claims.AnyClaim)[0])
}
COUNTED = {"stalls", "learns", "identical", "count_layers", "end_apart"}
GAP = "train/accuracy - test/accuracy"


@dataclass(frozen=True)
class Example:
    """A study in which a claim has a verdict."""

    claim: Any
    verdict: str
    arms: Mapping[str, Sequence[Run | None]]
    analyses: tuple[Measurement, ...] = ()

    def found(self):
        return found(self.arms, self.claim, analyses=self.analyses)


def examples(claim, arms_of, **inputs):
    """An example for each verdict, from what makes its arms."""
    return [Example(claim, verdict, arms_of(one)) for verdict, one in inputs.items()]


def leads(*values):
    return apart(**dict(zip("abc", values, strict=False)))


def gaps(values):
    return {
        name: [
            Run({"train/accuracy": [0.95], ACCURACY: [0.9 + lead + noise]})
            for noise in NOISE[name]
        ]
        for name, lead in values.items()
    }


def losses(values):
    return {"a": [Run({"train/loss": [CHANCE, value]}) for value in values]}


def courses(changes):
    return {"a": [Run({ACCURACY: [0.5, 0.5 + change]}) for change in changes]}


def arrivals(times):
    """Accuracy is 0 until the epoch of arrival."""
    return {
        name: [Run({ACCURACY: [float(epoch >= time) for epoch in range(11)]}) for time in of]
        for name, of in times.items()
    }


def wobbles(sizes):
    noise = np.random.default_rng(3)
    return {
        name: [Run({ACCURACY: 0.8 + size * noise.normal(size=12)}) for _ in range(5)]
        for name, size in sizes.items()
    }


def bits(values):
    return {
        name: [Run({ACCURACY: [one]}, weights=replicate) for replicate, one in enumerate(of)]
        for name, of in values.items()
    }


def norms(values):
    return {"a": [Run(layers={"gradient/norm": values}) for _ in range(3)]}


def pairs_of(second):
    first = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    pairs = zip(first, second, strict=True)
    return {"a": [Run({"train/loss": [x], "test/loss": [y]}) for x, y in pairs]}


UP = (0.5, 0.45, 0.55, 0.5, 0.5)
TIE = (0.001, -0.001, 0.0005, -0.0004, 0.0)
NAMES = [f"replicate {number}" for number in range(3)]
EARLY, LATE = (2, 3, 2, 3, 2), (7, 8, 7, 7, 8)
CASES = [
    *examples(
        claims.Better(ACCURACY, "a", "b", margin=0.01),
        lambda lead: leads(lead, 0.0),
        supported=0.02,
        refuted=-0.02,
        undecided=0.01,
    ),
    *examples(
        claims.Order(ACCURACY, ["a", "b", "c"]),
        lambda values: leads(*values),
        supported=(0.04, 0.02, 0.0),
        refuted=(0.04, 0.0, 0.02),
        undecided=(0.04, 0.0, 0.001),
    ),
    *examples(
        claims.Best(ACCURACY, "a"),
        lambda values: leads(*values),
        supported=(0.04, 0.02, 0.0),
        refuted=(0.02, 0.04, 0.0),
        undecided=(0.04, 0.039, 0.0),
    ),
    *examples(
        claims.Worst(ACCURACY, "a"),
        lambda values: leads(*values),
        supported=(0.0, 0.02, 0.04),
        refuted=(0.02, 0.0, 0.04),
        undecided=(0.0, 0.001, 0.04),
    ),
    *examples(
        claims.Equal(ACCURACY, "a", "b"),
        lambda lead: leads(lead, 0.0),
        supported=0.0,
        refuted=-0.02,
        undecided=0.004,
    ),
    *examples(
        claims.NotWorse(ACCURACY, "a", "b"),
        lambda lead: leads(lead, 0.0),
        supported=0.001,
        refuted=-0.02,
        undecided=-0.004,
    ),
    *examples(
        claims.Gap("a", "b"),
        lambda lead: gaps({"a": lead, "b": 0.0}),
        supported=0.02,
        refuted=-0.02,
        undecided=0.001,
    ),
    *examples(
        claims.Above(ACCURACY, 0.9, "a"),
        lambda lead: leads(lead),
        supported=0.01,
        refuted=-0.01,
        undecided=0.0005,
    ),
    *examples(
        claims.Below(ACCURACY, 0.9, "a"),
        lambda lead: leads(lead),
        supported=-0.01,
        refuted=0.01,
        undecided=0.0005,
    ),
    *examples(
        claims.Within(ACCURACY, 0.9, "a"),
        lambda lead: leads(lead),
        supported=0.0,
        refuted=0.02,
        undecided=0.005,
    ),
    *examples(
        claims.Trend(ACCURACY, ["a", "b", "c"], "up"),
        lambda values: leads(*values),
        supported=(0.0, 0.02, 0.04),
        refuted=(0.04, 0.02, 0.0),
        undecided=(0.0, 0.0005, 0.0),
    ),
    *examples(
        claims.Peak(ACCURACY, ["a", "b", "c"]),
        lambda values: leads(*values),
        supported=(0.0, 0.02, 0.0),
        refuted=(0.02, 0.0, 0.02),
        undecided=(0.0, 0.001, 0.0),
    ),
    *examples(
        claims.Stalls("a"), losses, supported=[CHANCE, 2.3, 2.31], refuted=[CHANCE, 1.9, 2.31]
    ),
    *examples(claims.Learns("a"), losses, supported=[1.9, 0.1, 2.2], refuted=[1.9, 0.1, 2.31]),
    *examples(
        claims.Rises(ACCURACY, "a"),
        courses,
        supported=UP,
        refuted=[-one for one in UP],
        undecided=TIE,
    ),
    *examples(
        claims.Falls(ACCURACY, "a"),
        courses,
        supported=[-one for one in UP],
        refuted=UP,
        undecided=TIE,
    ),
    *examples(
        claims.Sooner(ACCURACY, "a", "b", reaching=0.5),
        arrivals,
        supported={"a": EARLY, "b": LATE},
        refuted={"a": LATE, "b": EARLY},
        undecided={"a": (2, 6, 3, 5, 4), "b": (4, 4, 4, 4, 4)},
    ),
    *examples(
        claims.Noisier(ACCURACY, "a", "b"),
        wobbles,
        supported={"a": 0.05, "b": 0.005},
        refuted={"a": 0.005, "b": 0.05},
        undecided={"a": 0.02, "b": 0.02},
    ),
    *examples(
        claims.Identical("a", "b"),
        bits,
        supported={"a": [0.1, 0.2], "b": [0.1, 0.2]},
        refuted={"a": [0.1, 0.2], "b": [0.1, 0.2000001]},
    ),
    *examples(
        claims.CountLayers((2, 3), "a"),
        norms,
        supported=[1e-9, 0.002, 1.0],
        refuted=[1e-9, 0.0001, 1.0],
    ),
    *(
        Example(
            claims.Barrier("a", "b", margin=0.05),
            verdict,
            leads(0.0, 0.0),
            (barriers("a", "b", [height + noise for noise in NOISE["a"]]),),
        )
        for verdict, height in (("supported", 0.1), ("refuted", 0.0), ("undecided", 0.0505))
    ),
    *(
        Example(
            claims.EndApart("a"),
            verdict,
            {"a": ends([0.9, 0.9, 0.9])},
            paths(NAMES, distance, 1.0),
        )
        for verdict, distance in (("supported", 3.0), ("refuted", 0.5))
    ),
    *examples(
        claims.Correlates("train/loss", "test/loss", "positive", "a"),
        pairs_of,
        supported=[1, 2, 3, 4, 6, 5, 7, 8],
        refuted=[8, 7, 6, 4, 5, 3, 2, 1],
        undecided=[1, 8, 2, 7, 3, 6, 4, 5],
    ),
]
SUPPORTED = {one.claim.kind: one for one in CASES if one.verdict == "supported"}
