"""Runs of a user's own trainer, as a plan sees them: a recipe of fields, and a function.

Nothing is known of such a run but its declaration. Its key is made of that, of the class of its
recipe and the code of its methods, of the trainer's code, and of the data's content where the
recipe declares data of ours.
"""

import inspect
import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from paribus.claims.metric import quantity
from paribus.design.adaptive import Scan, Tuned
from paribus.design.confound import Case
from paribus.design.differences import Kind
from paribus.errors import DeclarationError, Fault
from paribus.functions import Function
from paribus.functions.content import NoIdentityError
from paribus.functions.methods import methods_of
from paribus.outgoing import shareable
from paribus.spec import Spec, digest, leaves, written
from paribus.study.apparatus import (
    Apparatus,
    Declared,
    Extent,
    Resolved,
    data_of,
    done_to_data,
)
from paribus.trainers.shell import Shell, filled
from paribus.training.recipe import Recipe

USUAL = ("test/accuracy", "test/loss", "validation/accuracy", "validation/loss")
"""What is shown first, the first of these that was measured."""

_TAKES = "it is called with a recipe and a replicate: def train(recipe, replicate)"


@dataclass(frozen=True)
class Foreign(Apparatus):
    """Runs that a function of the user's trains."""

    trainer: Function
    grouped = "condition"

    def faults(self, study: Declared, found: Resolved) -> list[Fault]:
        faults = [*_engine_faults(study), *_signature_faults(self.trainer, study.recipe)]
        told = [fault for _, recipe in found for fault in _recipe_faults(self.trainer, recipe)]
        faults += dict.fromkeys(told)
        match study.design:
            case Scan():
                problem = "a scan asks what our engine measures, and a trainer of your own trains"
                faults.append(Fault("design", problem))
            case Tuned() as tuned:
                # What is measured is not known yet: a trial without the metric is never chosen.
                faults += tuned.faults(study.factors, validation=1, classification=True)
            case _:
                pass
        return faults

    def compared(self, found: Resolved) -> tuple[list[Case], dict[Kind, list[Any]]]:
        return [
            # How many updates a run takes, only the trainer knows.
            Case(condition.labels, recipe.as_json(), updates=0, data=_data_in_words(recipe))
            for condition, recipe in found
        ], {}

    def extent(self, recipe: Spec) -> Extent:
        epochs = _epochs(recipe)
        cohort = digest(recipe.as_json())
        return Extent(cohort=cohort, cost=float(epochs or 1), epochs=epochs)

    def made_by(self, recipe: Spec) -> Mapping[str, Any]:
        made = self.trainer.as_json() | {"recipe": type(recipe).__qualname__}
        methods = _methods_digest(self.trainer, recipe)
        return {"made_by": made if methods is None else made | {"methods": methods}}

    def primary(self, study: Declared, measured: Sequence[str]) -> str:
        claimed = [claim.metric for claim in study.tested]
        plain = [name for name in claimed if _is_plain(name)]
        wanted = [*plain[:1], *USUAL, *measured]
        return next((name for name in wanted if name in measured), wanted[0])

    def notices(self, recipes: Sequence[Spec]) -> list[str]:  # noqa: ARG002 - the same for all
        return [
            f"trained by {_told(self.trainer)}: on threads, the default, one run at a time; "
            "`--on processes` trains several at once"
        ]


def trainer_document(trainer: Function) -> dict[str, str]:
    """A trainer as it is stored with its study; `told` is what it is called in a report."""
    return trainer.as_json() | {"told": _told(trainer)}


def _told(trainer: Function) -> str:
    """Its name; of a command, the command."""
    made = trainer.callable
    return shareable(shlex.join(made.command)) if isinstance(made, Shell) else trainer.name


def takes_data(trainer: Function) -> bool:
    """Whether a trainer is called with the recipe's data set as a third argument."""
    try:
        inspect.signature(trainer.callable).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return not _takes_two(trainer)


def _takes_two(trainer: Function) -> bool:
    try:
        inspect.signature(trainer.callable).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # written in C, which says nothing of what it takes
        return True
    return True


def _engine_faults(study: Declared) -> Iterator[Fault]:
    """What only our own engine does."""
    for name, declared in (("probes", study.probes), ("analyses", study.analyses)):
        if declared:
            kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in declared))
            problem = "what a trainer of your own measures, it yields: leave them out"
            yield Fault(name, f"{kinds}: these look into our engine; {problem}")


def _recipe_faults(trainer: Function, recipe: Spec) -> Iterator[Fault]:
    """What of a condition's recipe does not fit such a trainer."""
    unwritable = list(_json_faults(recipe))
    yield from unwritable
    yield from _union_faults(type(recipe), "recipe")
    yield from _method_faults(trainer, recipe)
    if isinstance(recipe, Recipe):
        for name in ("early_stopping", "warm_start", "second_phase", "loss_threshold"):
            if getattr(recipe, name) is not None:
                problem = "is done by our engine; a trainer of your own does it itself"
                yield Fault(f"recipe.{name}", f"{problem}: leave it out")
    if takes_data(trainer):
        yield from _data_faults(recipe)
    if isinstance(trainer.callable, Shell) and not unwritable:
        yield from _word_faults(trainer.callable, recipe)


def _data_faults(recipe: Spec) -> Iterator[Fault]:
    """What is said of data, and is not done to those that a trainer is given."""
    for name, value in done_to_data(recipe).items():
        problem = f"got {written(value)}; a trainer gets the data as they are stored"
        advice = "leave it out, or give the recipe a field of its own and do it in the trainer"
        yield Fault(f"recipe.data.{name}", f"{problem}: {advice}")


def _word_faults(trainer: Shell, recipe: Spec) -> Iterator[Fault]:
    """Words of a command that no run of the recipe could fill."""
    try:
        filled(trainer.command, recipe, replicate=0)
    except DeclarationError as error:
        for one in error.faults:
            yield Fault("trainer", f"{one.path} {one.problem}")


def _method_faults(trainer: Function, recipe: Spec) -> Iterator[Fault]:
    """Methods of a recipe that cannot be told from others like them."""
    try:
        _methods_digest(trainer, recipe)
    except NoIdentityError as error:
        problem = f"{type(recipe).__name__} cannot be told from others: {error}"
        advice = "state a version of the class, or of what this names: @paribus.version('1')"
        yield Fault("recipe", f"{problem}. To say yourself when it changes, {advice}")


def _methods_digest(trainer: Function, recipe: Spec) -> str | None:
    """A digest of what the methods of a recipe and of the declarations in it compute, if any."""
    return _digested(id(trainer), trainer, tuple(_declared_in(recipe)))


# Read once for each time that a trainer is declared, as its own code is: what a run is stored with
# has to be what its key was made of. Equal trainers may have been declared at two times.
@lru_cache(maxsize=1024)
def _digested(
    declared: int,  # noqa: ARG001 - tells such times apart
    trainer: Function,  # noqa: ARG001 - kept, so that no other gets its number
    places: tuple[tuple[str, type], ...],
) -> str | None:
    content = methods_of(dict(places))
    return None if content is None else digest(content)


def _declared_in(value: Any, place: str = "recipe") -> Iterator[tuple[str, type]]:
    """The class of a declaration, and of each in it, with its place."""
    inner: Mapping[Any, Any] = {}
    if isinstance(value, BaseModel):
        yield place, type(value)
        inner = {name: getattr(value, name) for name in type(value).model_fields}
    elif isinstance(value, Mapping):
        inner = value
    elif isinstance(value, list | tuple):
        inner = dict(enumerate(value))
    for name, one in inner.items():
        yield from _declared_in(one, f"{place}.{name}")


def _signature_faults(trainer: Function, recipe: Spec) -> Iterator[Fault]:
    if _takes_two(trainer):
        return
    if not takes_data(trainer):
        yield Fault("trainer", f"{trainer.name} cannot be called so; {_TAKES}")
    elif data_of(recipe) is None:
        name = type(recipe).__name__
        problem = f"takes three arguments, and {name} has no field `data` of a data set of ours"
        yield Fault("trainer", f"{trainer.name} {problem}; {_TAKES}")


def _json_faults(recipe: Spec) -> Iterator[Fault]:
    """What keeps a recipe from standing for itself in a key: all of it has to be in its JSON."""
    name = type(recipe).__name__
    try:
        digest(recipe.as_json())
        if not _is_finite(recipe.model_dump()):  # JSON has nothing for it but what stands for None
            raise ValueError("it has a number that is not finite")
    except (PydanticSerializationError, ValueError, TypeError) as error:
        problem = f"{name} cannot be written as JSON: {error}"
        yield Fault("recipe", f"{problem}. Its fields should be numbers, text and declarations")


def _is_finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _union_faults(
    declared: type[BaseModel], where: str, above: frozenset[type] = frozenset()
) -> Iterator[Fault]:
    """Places for one of several declarations, which are read back from their fields alone."""
    for name, field in declared.model_fields.items():
        several = _specs_in(field.annotation)
        if len(several) > 1 and not all("kind" in one.model_fields for one in several):
            names = " or ".join(one.__name__ for one in several)
            advice = "give each a field of its own, as in kind: Literal['sgd'] = 'sgd'"
            yield Fault(f"{where}.{name}", f"{names}: nothing tells them apart; {advice}")
        for one in several:
            if one not in above:
                yield from _union_faults(one, f"{where}.{name}", above | {one})


def _specs_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return [annotation]
    return [spec for part in get_args(annotation) for spec in _specs_in(part)]


def _epochs(recipe: Spec) -> int | None:
    """The recipe's own number of epochs, if it has one."""
    found = getattr(recipe, "epochs", None)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def _data_in_words(recipe: Spec) -> str:
    data = data_of(recipe)
    if data is None:
        return ""
    fields = [f"{path} {value}" for path, value in leaves(data.as_json()) if path != "kind"]
    return ", ".join([type(data).__name__, *fields])


def _is_plain(metric: str) -> bool:
    try:
        return quantity(metric).plain
    except ValueError:  # what some claims have in place of a metric
        return False
