"""The parts of a study as data: what a JSON file, or a dict, has in place of Python objects.

Recipes, claims and figures are told apart by their `kind` wherever they stand. Probes and analyses
may be of a user's own class too, and a factor is no `Spec`, so here it is said how they are
written and read.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, SerializeAsAny

from paribus.analyses.base import Analysis
from paribus.analyses.catalogue import AnyAnalysis
from paribus.design.factor import Factor
from paribus.errors import DeclarationError, Fault
from paribus.functions import as_function
from paribus.probes.base import Probe
from paribus.probes.catalogue import AnyProbe
from paribus.spec import Spec

if TYPE_CHECKING:
    Several = Sequence  # of what may be passed: a list becomes a tuple
else:

    class Several:
        """As many of one type as there are."""

        def __class_getitem__(cls, one: Any) -> Any:
            return tuple[one, ...]


class WrittenFactor(Spec):
    """A recipe field and the values that it takes; or a name, and several fields by level.

    `levels` is a list of plain values, or an object of values by label. A value that is an object
    sets the fields at its dotted paths, so a level that is a declaration is written
    `{"sgd": {"optimizer": {"kind": "sgd", "learning_rate": 0.1}}}`.
    """

    path: str
    levels: Mapping[str, Any] | tuple[Any, ...]
    name: str = ""
    about: tuple[str, ...] = ()


class _Probe(Spec):
    one: AnyProbe


class _Analysis(Spec):
    one: AnyAnalysis


def _factor(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    read = WrittenFactor(**value)
    return Factor(read.path, read.levels, read.name, read.about)


def _written(factor: Factor) -> dict[str, Any]:
    levels = {label: _plain(fields) for label, fields in factor.sets.items()}
    return {
        "path": factor.path,
        "levels": levels,
        "name": factor.name,
        "about": list(factor.about),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.as_json()
    if callable(value):
        return as_function(value).as_json()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def _read(kinds: type[_Probe] | type[_Analysis], value: Any) -> Any:
    """What these fields declare; the faults of it, without the name of the field around it."""
    if not isinstance(value, Mapping):
        return value
    try:
        return kinds(one=value).one  # pyright: ignore[reportArgumentType] - it is not read yet
    except DeclarationError as error:
        inner = [(one.path.removeprefix("one").removeprefix("."), one) for one in error.faults]
        faults = [Fault(path, one.problem) for path, one in inner]
        raise DeclarationError(error.subject, faults) from None


SomeFactor = Annotated[
    Factor,
    BeforeValidator(_factor, json_schema_input_type=WrittenFactor),
    PlainSerializer(_written),
]
"""A factor, or its fields."""
SomeProbe = Annotated[
    SerializeAsAny[Probe], BeforeValidator(partial(_read, _Probe), json_schema_input_type=AnyProbe)
]
"""A probe of any class; of the built-in ones the fields do too."""
SomeAnalysis = Annotated[
    SerializeAsAny[Analysis],
    BeforeValidator(partial(_read, _Analysis), json_schema_input_type=AnyAnalysis),
]
"""An analysis of any class; of the built-in ones the fields do too."""
