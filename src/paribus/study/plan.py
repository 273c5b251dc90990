"""From a study to its runs: conditions x replicates, each with its key, grouped in cohorts."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from paribus.data.base import DataSpec, Location, Source
from paribus.design.adaptive import Scan, Tuned
from paribus.spec import Spec, digests
from paribus.store.records import Member, StudyEntry
from paribus.study.apparatus import Extent, data_of
from paribus.study.native import NATIVE
from paribus.study.scaled import ScaledStudy
from paribus.study.shown import plan_shown
from paribus.training.recipe import Recipe


@dataclass(frozen=True)
class PlannedRun:
    """One run: a condition and a replicate, with its content key and what is known of its size.

    Its randomness comes from `seed`: the replicate, plus the salt of a registration made ahead.
    """

    key: str
    condition: Mapping[str, str]
    replicate: int
    seed: int
    recipe: Spec
    extent: Extent

    @property
    def parameters(self) -> int | None:
        """How many numbers are trained, where that is known."""
        return self.extent.parameters

    @property
    def cohort(self) -> Hashable:
        """What is equal for runs that share what is costly to set up."""
        return self.extent.cohort

    @property
    def cost(self) -> float:
        """What it costs, relative to other runs of its study."""
        return self.extent.cost

    @property
    def epochs(self) -> int | None:
        """Its epochs, where they are known, if it is not stopped before its last."""
        return self.extent.epochs

    @property
    def steps(self) -> int | None:
        """Optimizer steps, where they are known, if it is not stopped before its last epoch."""
        return self.extent.steps

    @cached_property
    def data(self) -> DataSpec | None:
        """The bare declaration of its data, where that is one of ours."""
        return data_of(self.recipe)


@dataclass(frozen=True)
class Plan:
    """Everything that a study will train. `runs` may hold two of one key, told apart by label.

    `locations` are those of the data, by its bare declaration.
    """

    study: ScaledStudy
    runs: tuple[PlannedRun, ...]
    locations: Mapping[DataSpec, Location]

    def salted(self, salt: int) -> "Plan":
        """The plan with other seeds for all its runs, which are other runs then."""

        moved = []
        for runs in by_recipe(self.runs):
            recipe = runs[0].recipe
            fingerprint = _fingerprint(data_of(recipe), self.locations)
            seeds = [run.replicate + salt for run in runs]
            keys = keys_of(recipe.as_json(), seeds, fingerprint, self._made_by(recipe))
            moved += [
                replace(run, seed=seed, key=key)
                for run, seed, key in zip(runs, seeds, keys, strict=True)
            ]
        return replace(self, runs=tuple(moved))

    def _made_by(self, recipe: Spec) -> Mapping[str, Any]:
        return self.study.apparatus.made_by(recipe)

    @property
    def cohorts(self) -> dict[Hashable, list[PlannedRun]]:
        """The distinct runs by their cohort: of our engine, the static part of a recipe."""
        found: dict[Hashable, dict[str, PlannedRun]] = {}
        for runs in by_recipe(self.runs):
            cohort = found.setdefault(runs[0].cohort, {})
            cohort.update((run.key, run) for run in runs)
        return {cohort: list(runs.values()) for cohort, runs in found.items()}

    @property
    def entry(self) -> StudyEntry:
        """The study and its members, as a lab keeps them."""
        return self.entry_of(self.runs)

    def entry_of(self, runs: Sequence[PlannedRun]) -> StudyEntry:
        """The study with some of its runs as members."""
        members = tuple(Member(run.key, run.condition, run.replicate) for run in runs)
        return StudyEntry(self.study.name, self.study.scale, self.study.document(), members)

    def notices(self) -> list[str]:
        """What a user should know before training: full batches, equal conditions, local data."""
        found = list(_design_notices(self))
        recipes = [runs[0].recipe for runs in by_recipe(self.runs)]
        found += self.study.apparatus.notices(recipes)
        if len({run.key for run in self.runs}) < len(self.runs):
            found.append("some conditions have one recipe: their runs are identical, trained once")
        found += [_data_notice(*found_at) for found_at in self.locations.items()]
        return list(dict.fromkeys(notice for notice in found if notice))

    def as_json(self) -> dict[str, Any]:
        """The plan as `paribus plan --json` prints it."""
        return {
            "study": self.study.name,
            "scale": self.study.scale,
            "cohorts": len(self.cohorts),
            "runs": [
                {
                    "key": run.key,
                    "condition": condition,
                    "replicate": run.replicate,
                    "parameters": run.parameters,
                    "recipe": recipe,
                }
                for runs in by_recipe(self.runs)
                for condition, recipe in [(dict(runs[0].condition), runs[0].recipe.as_json())]
                for run in runs
            ],
            **self.study.differences,
        }

    def _repr_html_(self) -> str:
        cohorts = len(self.cohorts)
        return plan_shown(self.study.document(), self.runs, cohorts, self.notices())


def by_recipe(runs: Iterable[PlannedRun]) -> list[list[PlannedRun]]:
    """Runs that follow each other and share the recipe of one condition, in their order.

    What depends on the recipe alone is computed once for each: comparing or hashing a recipe
    takes longer than all else that is done for a run.
    """
    return [list(some) for _, some in groupby(runs, key=lambda run: id(run.recipe))]


def _design_notices(plan: Plan) -> Iterator[str]:
    match plan.study.design:
        case Scan() as scan:
            most = len({run.key for run in plan.runs})
            yield f"a scan over {scan.factor}: at most {most} runs, fewer where training stalls"
        case Tuned() as tuned:
            yield (
                f"{tuned.factor} is tuned: one of its levels is chosen for each condition on "
                f"{tuned.replicates} replicates of its own, and only that one trained further"
            )
        case _:
            return


def _data_notice(data: DataSpec, location: Location) -> str:
    """What to know of where a data set is; nothing where it is as it should be."""
    name = type(data).__name__
    match location.state:
        case "local copy":
            return f"{name}: a local copy, not the official files"
        case "absent" if data.PUBLISHED:
            return f"{name}: not found; `run` downloads it, unless a folder for data is given"
        case "absent":
            return (
                f"{name}: not found, and there is no place to download it from; put it into a "
                "folder for data, and give that with --data-dir or PARIBUS_DATA"
            )
        case _:
            return ""


def make_plan(study: ScaledStudy, source: Source) -> Plan:
    """All runs of a study, replicates 0 .. n-1 of each condition; reads checksums, trains nothing.

    Raises `DeclarationError` for conditions that cannot be, `DamagedDataError` for data files
    whose bytes are wrong.
    """
    locations: dict[DataSpec, Location] = {}
    runs = []
    for condition, recipe in study.resolved():
        data = data_of(recipe)
        if data is not None and data not in locations:
            locations[data] = data.locate(source)
        fingerprint, made_by = _fingerprint(data, locations), study.apparatus.made_by(recipe)
        extent = study.apparatus.extent(recipe)
        replicates = study.replicate_numbers
        runs += [
            PlannedRun(
                key=key,
                condition=condition.labels,
                replicate=replicate,
                seed=replicate,
                recipe=recipe,
                extent=extent,
            )
            for replicate, key in zip(
                replicates,
                keys_of(recipe.as_json(), replicates, fingerprint, made_by),
                strict=True,
            )
        ]
    return Plan(study, tuple(runs), locations)


def run_key(recipe: Recipe, seed: int, fingerprint: str) -> str:
    """The key of a run of our own engine."""
    return run_keys(recipe, [seed], fingerprint)[0]


def run_keys(recipe: Recipe, seeds: Sequence[int], fingerprint: str) -> list[str]:
    """The `run_key` of each of these seeds, in their order."""
    return keys_of(recipe.as_json(), seeds, fingerprint, NATIVE.made_by(recipe))


def _fingerprint(data: DataSpec | None, locations: Mapping[DataSpec, Location]) -> str:
    return "" if data is None else locations[data].fingerprint


def keys_of(
    recipe: Mapping[str, Any], seeds: Sequence[int], fingerprint: str, made_by: Mapping[str, Any]
) -> list[str]:
    """The content hashes by which runs of a recipe are known, in every lab and every study.

    `recipe` is as JSON, `fingerprint` that of its data ("" where it declares none), `made_by` what
    `Apparatus.made_by` says.
    """
    content = {"recipe": recipe, "data": fingerprint, **made_by}
    return digests(content, "replicate", seeds)
