"""A study as it is declared: recipe, factors, replicates, scales."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializeAsAny,
    ValidationError,
    field_validator,
    model_validator,
)

from paribus.claims import AnyClaim
from paribus.data.base import Source
from paribus.design.adaptive import FIRST_TRIAL, Adaptive
from paribus.design.confound import acknowledgement_faults
from paribus.design.factor import Factor
from paribus.design.grid import Design
from paribus.errors import DeclarationError, Fault, UnknownNameError
from paribus.figures import AnyFigure
from paribus.functions import OwnFunction
from paribus.spec import Spec, faults_of, written
from paribus.store.catalogue import Catalogue
from paribus.store.lab import Lab, find_lab
from paribus.study.options import On, RunOptions
from paribus.study.plan import Plan, make_plan
from paribus.study.run import run_plan
from paribus.study.scaled import Reported, ScaledStudy
from paribus.study.shown import study_shown
from paribus.study.written import Several, SomeAnalysis, SomeFactor, SomeProbe
from paribus.training.recipe import Recipe

if TYPE_CHECKING:
    import xarray

    from paribus.claims.findings import Findings
    from paribus.results.tidy import StudyResults

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
"""A name that can be typed, and be part of a file's."""


def _one_of_each_metric(reported: Reported | tuple[Reported, ...]) -> Any:
    if reported == ():
        raise ValueError("is empty; leave it out, or give the numbers of one metric or more")
    metrics = [one.metric for one in reported] if isinstance(reported, tuple) else []
    repeated = sorted({metric for metric in metrics if metrics.count(metric) > 1})
    if repeated:
        raise ValueError(f"has two of {', '.join(repeated)}; a metric has one set of numbers")
    return reported


SomeReported = Annotated[Reported | tuple[Reported, ...], AfterValidator(_one_of_each_metric)]
"""The numbers of one metric, or those of several."""


def _recipe(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Recipe(**value)
    if not isinstance(value, Spec):
        allowed = "a Recipe, or for a trainer of your own a declaration (a paribus.Spec) of yours"
        raise ValueError(f"got {written(value)}; should be {allowed}")
    return value


AnyRecipe = Annotated[
    SerializeAsAny[Spec], BeforeValidator(_recipe, json_schema_input_type=Recipe)
]
"""What our engine trains; or, for a trainer of the user's own, any declaration."""


def _replicates(value: Any) -> Any:
    several = isinstance(value, list | tuple)
    numbers = value if several else [value]
    wrong = [one for one in numbers if isinstance(one, bool) or not isinstance(one, int)]
    if wrong or not numbers:
        allowed = "a whole number, or several that increase, as in (5, 10, 20)"
        raise ValueError(f"got {value!r}; should be {allowed}")
    if min(numbers) < 1:
        raise ValueError(f"got {value!r}; should be greater than 0")
    if max(numbers) > FIRST_TRIAL:
        raise ValueError(f"got {value!r}; should be {FIRST_TRIAL:,} or fewer")
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise ValueError(f"got {value!r}; looks should increase, as in (5, 10, 20)")
    if len(numbers) > 1 and numbers[0] < 2:
        raise ValueError(f"got {value!r}; a look takes 2 replicates or more")
    return tuple(numbers) if several else value


Replicates = Annotated[int | tuple[int, ...], BeforeValidator(_replicates)]
"""How many replicates; or several numbers that increase, at each of which claims are judged."""


class Scale(Spec):
    """A variant of a study: recipe fields by dotted path, and levels to keep, by factor."""

    set: Mapping[str, Any] = {}
    only: Mapping[str, Several[str]] = {}
    factors: Several[SomeFactor] | None = None
    replicates: Replicates | None = None
    reported: SomeReported | None = None


class Study(Spec):
    """A controlled experiment: a recipe, what is varied in it, and how often it is repeated.

    A `trainer` trains the runs in place of our engine: called with a recipe and a replicate, it
    yields what it measures as `Measured(epoch, values)`. The recipe is then any declaration.
    Without `scales` a study has one scale, "full": its recipe. With them the first is the
    default. Raises `DeclarationError` with all faults of all scales together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Name
    question: str
    recipe: AnyRecipe
    trainer: OwnFunction | None = None
    factors: Several[SomeFactor] = ()
    replicates: Replicates = 5
    design: Design | Adaptive = "factorial"
    probes: Several[SomeProbe] = ()
    analyses: Several[SomeAnalysis] = ()
    claims: Several[AnyClaim] = ()
    figures: Several[AnyFigure] = ()
    scales: Mapping[Name, Scale] = {}
    description: str = ""
    source: str = ""
    report: str = ""
    reported: SomeReported | None = None
    notes: Several[str] = ()
    acknowledged: Mapping[str, str] = {}

    @field_validator("factors", "probes", "analyses", "claims", "figures", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="wrap")
    @classmethod
    def _all_faults_together(cls, fields: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(fields)
        except ValidationError as error:
            found = faults_of(error, cls)
        # Pydantic stops at the study's own fields; its factors are looked at all the same.
        if isinstance(fields, Mapping) and isinstance(fields.get("recipe"), Spec):
            factors = fields.get("factors")
            for factor in factors if isinstance(factors, list | tuple) else ():
                levels = factor.faults(fields["recipe"]) if isinstance(factor, Factor) else []
                found += [fault for fault in levels if fault not in found]
        raise DeclarationError(cls.__name__, found)

    @model_validator(mode="after")
    def _all_scales_hold(self) -> "Study":
        if self.trainer is None and not isinstance(self.recipe, Recipe):
            problem = f"got a {type(self.recipe).__name__}; without a trainer it is a Recipe"
            raise DeclarationError(f"Study {self.name!r}", [Fault("recipe", problem)])
        kinds = [probe.title for probe in self.probes]
        faults = [
            Fault("probes", f"has {kinds.count(kind)} of {kind}; one study takes one of a kind")
            for kind in sorted(set(kinds))
            if kinds.count(kind) > 1
        ]
        names = [analysis.name for analysis in self.analyses]
        faults += [
            Fault("analyses", f"has two named {name!r}; give one of them another `name`")
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
        if self.scales and self.reported is not None:
            problem = "belongs to one scale: give it there, as Scale(reported=...)"
            faults.append(Fault("reported", problem))
        scaled = []
        for name in self.scale_names:
            try:
                scaled.append(self.at(name))
                scaled[-1].resolved()
            except DeclarationError as error:
                faults += [one for one in error.faults if one not in faults]
        faults = faults or [
            *_nowhere("claims", self.claims, scaled, ScaledStudy.claim_faults),
            *_nowhere("analyses", self.analyses, scaled, ScaledStudy.analysis_faults),
            *acknowledgement_faults(
                self.acknowledged, (one for scale in scaled for one in scale.confounds)
            ),
        ]
        if faults:
            raise DeclarationError(f"Study {self.name!r}", faults)
        return self

    @property
    def scale_names(self) -> tuple[str, ...]:
        """The scales on offer; the first is the default."""
        return tuple(self.scales) or ("full",)

    def at(
        self,
        scale: str | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        only: Mapping[str, tuple[str, ...]] | None = None,
        replicates: int | None = None,
    ) -> ScaledStudy:
        """The study at one scale, with recipe fields replaced and levels left out.

        Raises `UnknownNameError` for a scale that is not there, and `DeclarationError` with all
        else that is wrong: factors, labels, fields, replicates.
        """
        name = scale or self.scale_names[0]
        if name not in self.scale_names:
            raise UnknownNameError(f"scale of study {self.name!r}", name, self.scale_names)
        chosen = self.scales.get(name, Scale())
        factors = tuple(self.factors if chosen.factors is None else chosen.factors)
        recipe = self._recipe_at(name, chosen)
        faults = list(_without_effect(values or {}, factors))
        for where, kept in ((f"scales.{name}.only", chosen.only), ("", only or {})):
            try:
                factors = _restricted(factors, kept)
            except UnknownNameError as error:
                faults.append(Fault(where, str(error)))
        try:
            recipe = recipe.with_fields(values or {})
        except DeclarationError as error:
            faults += error.faults
        try:
            _replicates(1 if replicates is None else replicates)
        except ValueError as error:
            faults.append(Fault("replicates", str(error)))
        if faults:
            raise DeclarationError(f"Study {self.name!r}", faults)
        declared = chosen.replicates or self.replicates
        looks = declared if isinstance(declared, tuple) else (replicates or declared,)
        return ScaledStudy(
            name=self.name,
            scale=name,
            question=self.question,
            recipe=recipe,
            trainer=self.trainer,
            factors=factors,
            replicates=replicates or looks[0],
            looks=looks,
            design=self.design,
            probes=tuple(self.probes),
            analyses=tuple(self.analyses),
            claims=tuple(self.claims),
            figures=tuple(self.figures),
            description=self.description,
            source=self.source,
            report=self.report,
            # Of another recipe than the source's, whose numbers would say nothing beside it.
            reported=None if values else chosen.reported or self.reported,
            notes=tuple(self.notes),
            acknowledged=self.acknowledged,
        )

    def _recipe_at(self, name: str, chosen: Scale) -> Spec:
        try:
            return self.recipe.with_fields(chosen.set)
        except DeclarationError as error:
            where = f"scales.{name}.set"
            faults = [Fault(f"{where}: {one.path}", one.problem) for one in error.faults]
            raise DeclarationError(f"Study {self.name!r}", faults) from None

    def plan(self, scale: str | None = None, *, data: Path | None = None) -> Plan:
        """The runs of the study, with keys and parameter counts; nothing is trained."""
        return make_plan(self.at(scale), Source(data))

    def run(
        self,
        scale: str | None = None,
        *,
        lab: Lab | str = "paribus-lab",
        data: Path | None = None,
        on: On = "threads",
        address: str | None = None,
    ) -> "xarray.Dataset":
        """Trains what the lab does not hold yet; gives all results of the study.

        Dims: one for each factor, replicate, epoch, and layer where probes measured. `on` says
        what trains: "threads", "processes", or "ray" with the `address` of a cluster. A script
        that trains in processes does so under `if __name__ == "__main__":`.
        """
        kept = find_lab(lab, "lab")
        options = RunOptions(lab=kept, source=Source(data), on=on, address=address)
        return run_plan(make_plan(self.at(scale), options.source), options).dataset()

    def results(
        self, scale: str | None = None, *, lab: Lab | str = "paribus-lab"
    ) -> "StudyResults":
        """What a lab holds of the study: its runs, as tables.

        Raises `UnknownNameError` where the lab does not know the study at this scale, and
        `NothingStoredError` where no run of it is stored.
        """
        from paribus.results.load import load_results  # noqa: PLC0415 - it loads pandas

        with Catalogue.open(find_lab(lab, "lab"), create=False) as catalogue:
            return load_results(catalogue, self.name, scale or self.scale_names[0])

    def findings(self, scale: str | None = None, *, lab: Lab | str = "paribus-lab") -> "Findings":
        """What became of each claim of the study, in declared order; raises as `results` does."""
        from paribus.claims.findings import Findings  # noqa: PLC0415 - it loads pandas

        return Findings.of(self.results(scale, lab=lab))

    def _repr_html_(self) -> str:
        scaled = self.at()
        return study_shown(scaled.document(), len(scaled.resolved()), self.scale_names)


def _nowhere(
    field: str,
    declared: Sequence[Any],
    scaled: Sequence[ScaledStudy],
    faults_at: Callable[[ScaledStudy, Any], list[Fault]],
) -> Iterator[Fault]:
    """Claims or analyses that fit no scale, with what is wrong at the last."""
    for number, one in enumerate(declared):
        found = [faults_at(scale, one) for scale in scaled]
        if all(found):
            for fault in found[-1]:
                yield Fault(f"{field}[{number}].{fault.path}".rstrip("."), fault.problem)


def _without_effect(values: Mapping[str, Any], factors: tuple[Factor, ...]) -> Iterator[Fault]:
    for path in values:
        for factor in factors:
            if factor.overwrites(path):
                labels = ", ".join(factor.labels)
                problem = f"every level of factor {factor.name!r} sets it; choose among {labels}"
                yield Fault(path, problem)


def _restricted(
    factors: tuple[Factor, ...], only: Mapping[str, Sequence[str]]
) -> tuple[Factor, ...]:
    names = {factor.name: factor for factor in factors}
    kept: dict[str, list[str]] = {}
    for name, texts in only.items():
        if name not in names:
            raise UnknownNameError("factor", name, names)
        kept[name] = [label for text in texts for label in _labels(text, names[name])]
    return tuple(
        factor.only(kept[factor.name]) if factor.name in kept else factor for factor in factors
    )


def _labels(text: str, factor: Factor) -> list[str]:
    """A label, or several with commas between them; a label may have a comma of its own."""
    labels = [text] if text in factor.labels else [part.strip() for part in text.split(",")]
    for label in labels:
        if label not in factor.labels:
            raise UnknownNameError(f"level of factor {factor.name!r}", label, factor.labels)
    return labels
