"""Stored runs and evidence made by hand, on which every verdict can be reached."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from paribus.claims.evidence import Course, Values
from paribus.claims.findings import findings
from paribus.results.tidy import StudyResults, tidy
from paribus.store.records import Measurement, Member, StoredRun, StudyEntry

ACCURACY = "test/accuracy"
EXAMPLES = {"train": 5_000, "validation": 1_000, "test": 1_000}
CHANCE = float(np.log(10))
LEARNED = (CHANCE, 0.1)
CONFUSION = Measurement("test/confusion", np.zeros((10, 10), int), ("true", "predicted"))


@dataclass(frozen=True)
class Run:
    """What one run is to have measured: courses over epochs, and layers at the end.

    The training loss is that of a run that learned, unless one is given. Runs without `weights`
    (a checksum) have weights of their own, and runs without a `key` a key of their own.
    """

    courses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    layers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    diverged: bool = False
    key: str = ""
    weights: int | None = None
    correct: Sequence[bool] | None = None
    measured: tuple[Measurement, ...] = (CONFUSION,)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """As they are stored."""
        courses = {"train/loss": LEARNED, **self.courses}
        over_epochs = [Measurement(name, np.array(one, float)) for name, one in courses.items()]
        over_layers = [
            Measurement(name, np.array([one], float), ("epoch", "layer"), self._coords(one))
            for name, one in self.layers.items()
        ]
        return (*self.measured, *over_epochs, *over_layers)

    @staticmethod
    def _coords(values):
        return {
            "epoch": np.array([1]),
            "layer": np.array([str(n + 1) for n in range(len(values))]),
        }


UNPLANNED = Run(key="unplanned")
"""In place of a run that a design did not choose: it is no member of the study."""
Arms = Mapping[str | tuple[str, ...], Sequence[Run | None]]
"""The runs of each condition by replicate; None for one that is not stored."""


def results(
    arms: Arms,
    *claims,
    factors: Sequence[str] = ("arm",),
    analyses: Sequence[Measurement] = (),
    exploratory: Sequence[int] = (),
    **document,
) -> StudyResults:
    """A study of these arms with its claims, those of `exploratory` numbers not registered.

    A label of several factors is a tuple. More of the study's `document` by name.
    """
    labels = {one if isinstance(one, tuple) else (one,): runs for one, runs in arms.items()}
    levels = [list(dict.fromkeys(one)) for one in zip(*labels, strict=True)]
    conditions = [dict(zip(factors, one, strict=True)) for one in labels]
    base = {
        "name": "example",
        "recipe": {"loss": "cross_entropy"},
        "analyses": [{"kind": "path", "name": "path", "weights": "all", "last_epochs": 20}],
        "replicates": max(map(len, arms.values())),
        "factors": [
            {"name": name, "labels": one, "sets": {}}
            for name, one in zip(factors, levels, strict=True)
        ],
        "claims": [
            claim.as_json()
            | {"sentence": claim.sentence(conditions), "registered": number not in exploratory}
            for number, claim in enumerate(claims)
        ],
    }
    members, stored, weights, correct = [], [], {}, {}
    for condition, runs in zip(conditions, labels.values(), strict=True):
        for replicate, run in enumerate(runs):
            if run is UNPLANNED:
                continue
            own = "-".join([*condition.values(), str(replicate)])
            key = run.key if run and run.key else own
            members.append(Member(key, condition, replicate))
            if run is not None:
                stored.append(_stored(key, replicate, run))
                weights[key] = len(weights) if run.weights is None else run.weights
                if run.correct is not None:
                    correct[key] = np.array(run.correct, bool)
    entry = StudyEntry("example", "demo", base | document, tuple(members))
    return replace(tidy(entry, stored, analyses), weights=weights, correct=correct)


def _stored(key: str, replicate: int, run: Run) -> StoredRun:
    return StoredRun(
        key=key,
        recipe={},
        replicate=replicate,
        fingerprint="sha256:example",
        status="diverged" if run.diverged else "finished",
        parameters=10,
        provenance={"examples": EXAMPLES},
        measurements=run.measurements,
        diverged_epoch=1 if run.diverged else None,
    )


def found(arms: Arms, claim, **study):
    """What became of the one claim of a study."""
    (finding,) = findings(results(arms, claim, **study))
    return finding


def ends(values: Sequence[float], metric: str = ACCURACY) -> list[Run]:
    """A run for each value, at which a metric ends."""
    return [Run({metric: [value]}) for value in values]


NOISE = {
    "a": (0.0, 0.001, -0.001, 0.002, -0.002),
    "b": (0.001, -0.002, 0.001, 0.001, -0.001),
    "c": (-0.001, 0.001, 0.0, -0.002, 0.002),
}
"""What makes the replicates of an arm differ; their means are 0."""


def apart(metric: str = ACCURACY, *, base: float = 0.9, **leads: float) -> dict[str, list[Run]]:
    """Arms a, b and c of five replicates, whose mean metric lies so far above a base."""
    return {
        name: ends([base + lead + noise for noise in NOISE[name]], metric)
        for name, lead in leads.items()
    }


class InMemory:
    """Implements `Evidence` on values by arm, all of one metric."""

    def __init__(self, values: Mapping[str, Sequence[float]], step: float | None = None) -> None:
        self._values = values
        self._step = step

    @property
    def conditions(self):
        return tuple({"arm": name} for name in self._values)

    def values(self, condition, metric, layer, epoch_rule):
        return Values(dict(enumerate(self._values[condition["arm"]])))

    def courses(self, condition, metric, layer):
        values = self.values(condition, metric, layer, "last")
        return values, {unit: Course([0], [one]) for unit, one in values.by_unit.items()}

    def layers(self, condition, metric):
        return ()

    def resolution(self, metric):
        return self._step

    def identical(self, first, second, metric):
        return {}

    def learned(self, condition):
        return None

    def guessing(self, condition):
        return None

    def barriers(self, first, second, metric):
        return Values(absent="no lines")

    def ends(self, condition, epochs):
        return "no paths"

    def leads_by_example(self, first, second):
        return None


def barriers(first: str, second: str, heights: Sequence[float]) -> Measurement:
    """What `analyses.Line` gives of one pair."""
    coords = {"pair": np.array([f"{first} to {second}"]), "replicate": np.arange(len(heights))}
    return Measurement("line/test_barrier", np.array([heights]), ("pair", "replicate"), coords)


def paths(names: Sequence[str], apart: float, moved: float) -> tuple[Measurement, ...]:
    """What `analyses.Path` gives: every two ends so far apart, each moved so far last."""
    pairs = [f"{one} and {other}" for one, other in itertools.combinations(names, 2)]
    return (
        Measurement(
            "path/end_distance",
            np.full(len(pairs), apart),
            ("pair",),
            {"pair": np.array(pairs, dtype=str)},
        ),
        Measurement(
            "path/last_moved", np.full(len(names), moved), ("run",), {"run": np.array(names)}
        ),
    )
