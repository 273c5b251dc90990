"""A callable with an identity, and how declarations hold one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from paribus.errors import DeclarationError, Fault
from paribus.functions.content import (
    VERSION,
    NoIdentityError,
    content_of,
    name_of,
    stated_version,
)
from paribus.spec import digest, written

Code = TypeVar("Code", bound=Callable[..., Any])

_ADVICE = (
    "To say yourself when it changes, state a version: @paribus.version('1'), and another "
    "whenever it computes something else"
)


@dataclass(frozen=True)
class Function:
    """A callable that is known by its name and a digest of what it computes.

    `name` is "module:qualname", `digest` 64 hex digits; two of both are equal. Calling it calls
    the callable. It is picklable where the callable is.
    """

    name: str
    digest: str
    callable: Callable[..., Any]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.callable(*arguments, **named)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Function):
            return NotImplemented
        return (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    def __repr__(self) -> str:
        return f"Function({self.name!r}, {self.digest[:12]})"

    def as_json(self) -> dict[str, str]:
        """What stands for it in stored declarations and in keys of runs."""
        return {"function": self.name, "code": self.digest}


def as_function(value: Any) -> Function:
    """The `Function` of a callable.

    Raises `DeclarationError` for what is not callable, and for what has no identity: no source
    that can be read, or a state or a constant that is not plain data.
    """
    if isinstance(value, Function):
        return value
    if not callable(value):
        raise ValueError(f"got {written(value)}; should be a function or another callable")
    name, stated = name_of(value), stated_version(value)
    if stated is not None:
        return Function(name, digest({"name": name, "version": stated}), value)
    try:
        return Function(name, digest(content_of(value)), value)
    except NoIdentityError as error:
        problem = f"{name} cannot be told from others: {error}. {_ADVICE}"
        raise DeclarationError("function", [Fault("", problem)]) from None


def version(number: str) -> Callable[[Code], Code]:
    """A decorator that states the version of a function or class, in place of reading its code.

    Runs with it are trained again when the version is changed, and not when the code is. It goes
    outermost. Raises `DeclarationError` where `number` is no text, or what is decorated takes no
    attributes.
    """
    if not isinstance(number, str) or not number.strip():
        problem = f"got {written(number)}; should be a text, such as '1'"
        raise DeclarationError("version", [Fault("", problem)])

    def stated(code: Code) -> Code:
        try:
            setattr(code, VERSION, number)
        except (AttributeError, TypeError):
            problem = f"{written(code)} takes no attributes; put it into a function of your own"
            raise DeclarationError("version", [Fault("", problem)]) from None
        return code

    return stated


def _own_or_declared(value: Any, otherwise: ValidatorFunctionWrapHandler) -> Any:
    return as_function(value) if callable(value) else otherwise(value)


def _serialized(value: Any) -> Any:
    return value.as_json() if isinstance(value, Function) else value


or_own = (WrapValidator(_own_or_declared), PlainSerializer(_serialized))
"""Marks that let a field take a callable besides what its type allows."""

_NOT_IN_JSON = {"not": {}, "description": "Code of one's own: only a study in Python has it."}

OwnFunction = Annotated[
    Function,
    BeforeValidator(as_function),
    PlainSerializer(_serialized),
    WithJsonSchema({"not": {}, "description": "a function, which only Python has"}, "validation"),
    WithJsonSchema(
        {"type": "object", "additionalProperties": {"type": "string"}}, "serialization"
    ),
]
"""A field for a callable, or a `Function`; it is written as {"function": name, "code": digest}."""
