"""The base of every declaration: frozen, validated, addressed by dotted path, hashed by content.

A `Spec` reports all its faults together, each with its path, the value got and what is allowed.
Fields marked `Traced` are numbers that enter a compiled program as arrays, so that runs which
differ only in them share the program; `split_traced` takes them out and `fill_traced` puts
others (or JAX tracers) in their place.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Self,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError
from pydantic_core import ErrorDetails

from paribus.errors import DeclarationError, Fault, near_match


@dataclass(frozen=True)
class Traced:
    """Marks a number that may differ between the runs of one compiled program."""


MOST = 2**31 - 1
"""The largest whole number that a compiled program counts to."""
Count = Annotated[int, Strict(), Field(gt=0, le=MOST)]
"""A whole number, 1 or more."""
Whole = Annotated[int, Strict(), Field(ge=0, le=MOST)]
"""A whole number, 0 or more."""
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
"""A finite number."""
Rate = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False), Traced()]
"""A positive number that enters compiled programs as an array."""
Coefficient = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False), Traced()]
"""A number of 0 or more that enters compiled programs as an array; exactly 0 is left out."""
Share = Annotated[float, Strict(), Field(ge=0, lt=1, allow_inf_nan=False), Traced()]
"""A number in [0, 1) that enters compiled programs as an array; exactly 0 is left out."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class _RaisesDeclarationError(type(BaseModel)):
    """Turns pydantic's error at construction into ours; nested validation is left alone."""

    if not TYPE_CHECKING:  # hidden so that a type checker sees the fields as arguments

        def __new__(
            mcs, name: str, bases: tuple[type, ...], namespace: Any, **options: Any
        ) -> Any:
            # Ours have their validators built when first used: a command needs few of them. A
            # user's are built at once, so that what is wrong is told where it is written.
            ours = namespace.get("__module__", "").startswith("paribus.")
            return super().__new__(
                mcs, name, bases, namespace, **({"defer_build": ours} | options)
            )

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*args, **fields)
            except ValidationError as error:
                raise DeclarationError(cls.__name__, faults_of(error, cls)) from None
            except UnicodeEncodeError as error:
                raise DeclarationError(cls.__name__, [Fault("", _unwritable(error))]) from None


class Spec(BaseModel, metaclass=_RaisesDeclarationError):
    """A frozen declaration. Unknown fields, wrong types and values out of range are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True
    )

    def with_fields(self, values: Mapping[str, Any]) -> Self:
        """A copy with the fields at these dotted paths replaced, validated as a whole.

        Raises `DeclarationError` with every fault: unknown paths (and near matches) as well as
        values of a wrong type or out of range.
        """
        fields = _as_dict(self)
        faults = [fault for path in values if (fault := _assign(fields, path, values[path]))]
        try:
            replaced = type(self).model_validate(fields)
        except ValidationError as error:
            faults += faults_of(error, type(self))
        except UnicodeEncodeError as error:
            faults.append(Fault("", _unwritable(error)))
        else:
            if not faults:
                return replaced
        raise DeclarationError(type(self).__name__, faults)

    def as_json(self) -> dict[str, Any]:
        """The declaration as JSON-ready values, every field written out."""
        return self.model_dump(mode="json")


AnySpec = TypeVar("AnySpec", bound=Spec)


def digest(content: Any) -> str:
    """SHA-256 (64 hex digits) of JSON-ready content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def digests(content: Mapping[str, Any], last: str, values: Iterable[int]) -> list[str]:
    """The `digest` of content with each of these numbers beside it, under the name `last`.

    All that the digests share is hashed once, so `last` has to be the last of the names.

    >>> digests({"a": 1}, "b", [2, 3]) == [digest({"a": 1, "b": 2}), digest({"a": 1, "b": 3})]
    True
    """
    assert last > max(content), last
    whole = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    begun = hashlib.sha256(f"{whole[:-1]},{json.dumps(last)}:".encode())
    found = []
    for value in values:
        one = begun.copy()
        one.update(f"{value}}}".encode())
        found.append(one.hexdigest())
    return found


def leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The parts of a JSON-ready declaration that have none themselves, by dotted path.

    What is empty or a list is one.

    >>> dict(leaves({"rule": {"rate": 0.1, "steps": [1, 2]}, "epochs": 3}))
    {'rule.rate': 0.1, 'rule.steps': [1, 2], 'epochs': 3}
    """
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def split_traced(spec: AnySpec) -> tuple[AnySpec, dict[str, float]]:
    """The declaration without its traced numbers, and those numbers by dotted path.

    A traced number of exactly 0 stays: its term is left out of the program altogether, so a run
    with it and a run without it are different programs, whatever cohort they come in.
    """
    values = {path: float(value) for path, value in _traced(spec) if value != 0}
    return fill_traced(spec, dict.fromkeys(values)), values


def fill_traced(spec: AnySpec, values: Mapping[str, Any]) -> AnySpec:
    """The declaration with the numbers at these paths replaced, unvalidated (arrays may enter)."""
    here: dict[str, Any] = {}
    below: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        name, _, rest = path.partition(".")
        if rest:
            below.setdefault(name, {})[rest] = value
        else:
            here[name] = value
    nested = {name: fill_traced(getattr(spec, name), inner) for name, inner in below.items()}
    return spec.model_copy(update=here | nested)


def is_absent(value: Any) -> bool:
    """Whether a traced number is the literal 0 that leaves its term out of the program."""
    return isinstance(value, float | int) and value == 0


def _traced(spec: Spec, prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, field in type(spec).model_fields.items():
        value = getattr(spec, name)
        if isinstance(value, Spec):
            yield from _traced(value, f"{prefix}{name}.")
        elif value is not None and any(isinstance(mark, Traced) for mark in field.metadata):
            yield prefix + name, value


def _as_dict(value: Any) -> Any:
    if isinstance(value, Spec):
        return {name: _as_dict(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):  # a copy: what is assigned within is not to reach the caller's
        return {name: _as_dict(part) for name, part in value.items()}
    return value


def _assign(fields: dict[str, Any], path: str, value: Any) -> Fault | None:
    *parents, last = path.split(".")
    here: Any = fields
    for name in parents:
        if not isinstance(here, dict) or name not in here:
            return _unknown(path, name, here)
        here = here[name]
    if not isinstance(here, dict) or last not in here:
        return _unknown(path, last, here)
    if last == "kind" and here["kind"] != value:
        whole = ".".join(parents)
        return Fault(path, f"tells declarations apart and is not set alone; set {whole} whole")
    here[last] = _as_dict(value)
    return None


def _unknown(path: str, name: str, fields: Any) -> Fault:
    if fields is None:
        return Fault(path, f"has no field {name!r}, because what holds it is not set")
    known = fields if isinstance(fields, dict) else ()
    # A mapping in place of a declaration may have keys of any type.
    names = {one for one in known if isinstance(one, str)} - {"kind"}
    return Fault(path, f"unknown field {name!r}{near_match(name, names)}")


def faults_of(error: ValidationError, spec: type[BaseModel]) -> list[Fault]:
    """Pydantic's errors as faults: dotted paths, the value got, what is allowed."""
    found: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        for fault in _faults(detail, spec):
            found.setdefault(fault.path, []).append(fault.problem)
    return [Fault(path, problem) for path in found for problem in _alternatives(found[path])]


def _alternatives(problems: list[str]) -> list[str]:
    """One problem where a value fits none of the types that its field allows."""
    if len(problems) > 1:
        problems = [one.replace("; allowed here: ", "; should be ") for one in problems]
    got, said, _ = problems[0].partition("; should be ")
    rest = [problem.removeprefix(got + said) for problem in problems]
    if not said or any(one == problem for one, problem in zip(rest, problems, strict=True)):
        return problems
    return [got + said + ", or ".join(rest)]


def _faults(detail: ErrorDetails, spec: type[BaseModel]) -> list[Fault]:
    cause = detail.get("ctx", {}).get("error")
    if not isinstance(cause, DeclarationError):
        return [_fault(detail, spec)]
    outer = _place(spec, detail["loc"]).path
    return [
        Fault(".".join(part for part in (outer, inner.path) if part), inner.problem)
        for inner in cause.faults
    ]


def _fault(detail: ErrorDetails, spec: type[BaseModel]) -> Fault:
    place = _place(spec, detail["loc"])
    got, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            problem = "missing; it has no default"
        case "extra_forbidden":
            name = str(detail["loc"][-1])
            problem = f"unknown field {name!r}{near_match(name, _public_fields(place.owner))}"
        case "literal_error":
            problem = f"got {written(got)}{_allowed(got, context['expected'])}"
        case "union_tag_invalid" | "union_tag_not_found" | "model_type" | "model_attributes_type":
            allowed = context.get("expected_tags", ", ".join(one.__name__ for one in place.specs))
            problem = f"got {written(got)}; allowed here: {allowed}"
        case "value_error":
            cause = context["error"]
            halved = isinstance(cause, UnicodeEncodeError)
            problem = _unwritable(cause) if halved else str(cause)
        case _:
            problem = f"got {written(got)}; {detail['msg'].replace('Input should', 'should')}"
    return Fault(place.path, problem)


def _unwritable(error: UnicodeEncodeError) -> str:
    text, half = written(error.object), error.object[error.start]
    return f"got {text}; {half!r} is half of a character, which no file can hold: leave it out"


def _allowed(got: Any, expected: str) -> str:
    allowed = expected.replace("'", "").replace(" or ", ", ").split(", ")
    near = near_match(written(got, str), allowed)
    if not near.startswith("; known"):
        return f"{near} Allowed: {', '.join(allowed)}"
    return f"; should be {'one of ' if len(allowed) > 1 else ''}{', '.join(allowed)}"


def written(value: Any, how: Callable[[Any], str] = repr, limit: int = 80) -> str:
    """A value as a message shows it: whatever it is, and not all of what is long."""
    try:
        text = how(value)
    except ValueError:  # a number of more digits than Python writes
        return f"a {type(value).__name__} that is too long to write"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _public_fields(owner: type[BaseModel] | None) -> set[str]:
    return set(owner.model_fields) - {"kind"} if owner else set()


class _Place(NamedTuple):
    """Where an error is: its dotted path, the spec that has the field, the specs that fit it."""

    path: str
    owner: type[BaseModel] | None
    specs: tuple[type[BaseModel], ...]


def _place(spec: type[BaseModel], loc: Iterable[int | str]) -> _Place:
    """The place of an error; the tags that unions add to it are left out."""
    names: list[str] = []
    alternatives: tuple[type[BaseModel], ...] = (spec,)
    owner: type[BaseModel] | None = spec
    mixed = False
    for part in loc:
        tagged = [one for one in alternatives if _tag(one) == part]
        if len(alternatives) > 1 and tagged:
            alternatives, owner = (tagged[0],), tagged[0]
            continue
        if mixed:  # the part names one of the types
            break
        if str(part).startswith(("literal[", "tagged-union[")):
            continue
        names.append(str(part))
        only = alternatives[0] if len(alternatives) == 1 else None
        field = only.model_fields.get(str(part)) if only else None
        if field is not None:
            found = _specs_in(field.annotation)
            owner = found[0] if len(found) == 1 else only
            alternatives = found
            mixed = not found and get_origin(field.annotation) in (Union, UnionType)
    return _Place(".".join(names), owner, alternatives)


@cache
def _specs_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    if get_origin(annotation) in (Union, UnionType, Annotated, tuple):
        return tuple(spec for part in get_args(annotation) for spec in _specs_in(part))
    return ()


def _tag(spec: type[BaseModel]) -> str | None:
    kind = spec.model_fields.get("kind")
    if kind is None or get_origin(kind.annotation) is not Literal:
        return None
    return next(iter(get_args(kind.annotation)), None)
