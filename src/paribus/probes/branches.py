"""Which branch a function took, for any JAX function: where its derivative jumps, this changes.

A network is smooth but for kinks: a relu's at 0, a maximum's where another element takes over. A
difference quotient across a kink says nothing about the derivative. So the function is taken
apart into its primitives (its jaxpr) and evaluated with a digest beside its value, into which
goes every decision on the way: results of comparisons and all else that makes a whole number of
a real one; signs and roundings; and of piecewise linear primitives (maximum, absolute value,
pooling, sorting) their derivative, which is constant between kinks. Nested functions, loops and
custom derivatives are followed. Two points of equal digest lie on one smooth piece.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal
from jaxtyping import Array, Float, UInt64

Digest = UInt64[Array, ""]

STEPS = frozenset({"ceil", "floor", "round", "sign"})
"""Primitives whose result is constant between jumps."""
HINGES = frozenset(
    {
        *("abs", "clamp", "max", "min", "rem", "sort"),
        *("cummax", "cummin", "reduce_max", "reduce_min"),
        *("reduce_window_max", "reduce_window_min"),
    }
)
"""Primitives whose derivative is constant between kinks."""
INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""The names under which a primitive holds a function that it simply calls."""


def with_branches(
    function: Callable[[Any], Float[Array, ""]], example: Any
) -> tuple[Callable[[Any], tuple[Float[Array, ""], Digest]], int]:
    """The function with a digest of the branches it took, and how many numbers it computes.

    `example` is an argument of the shapes to come. Needs 64-bit numbers to be enabled.
    """
    closed = jax.make_jaxpr(function)(example)

    def both(argument: Any) -> tuple[Float[Array, ""], Digest]:
        leaves = jax.tree.leaves(argument)
        (value,), digest = _evaluated(closed.jaxpr, closed.consts, leaves, jnp.uint64(0))
        return value, digest

    return both, _size(closed.jaxpr)


def _size(jaxpr: Jaxpr) -> int:
    """Numbers computed, those of a loop once: an idea of the memory that an evaluation takes."""
    total = 0
    for equation in jaxpr.eqns:
        total += sum(getattr(one.aval, "size", 1) for one in equation.outvars)
        inner = [_called(equation), *equation.params.get("branches", ())]
        inner += [equation.params.get("body_jaxpr")]
        total += sum(_size(_opened(one)[0]) for one in inner if one is not None)
    return total


def _evaluated(
    jaxpr: Jaxpr, consts: Sequence[Any], arguments: Sequence[Any], digest: Digest
) -> tuple[list[Any], Digest]:
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    values |= dict(zip(jaxpr.invars, arguments, strict=True))

    def value_of(variable: Any) -> Any:
        return variable.val if isinstance(variable, Literal) else values[variable]

    for equation in jaxpr.eqns:
        operands = [value_of(one) for one in equation.invars]
        results, digest = _applied(equation, operands, digest)
        values |= dict(zip(equation.outvars, results, strict=True))
    return [value_of(one) for one in jaxpr.outvars], digest


def _applied(
    equation: JaxprEqn, operands: list[Any], digest: Digest
) -> tuple[Sequence[Any], Digest]:
    match equation.primitive.name:
        case "scan":
            return _scanned(equation.params, operands, digest)
        case "while":
            return _repeated(equation.params, operands, digest)
        case "cond":
            return _chosen(equation.params["branches"], operands, digest)
    called = _called(equation)
    if called is not None:
        jaxpr, consts = _opened(called)
        return _evaluated(jaxpr, consts, operands, digest)
    results = _bound(equation, operands)
    for decision in _decisions(equation, operands, results):
        digest = _mixed(digest, decision)
    return results, digest


def _called(equation: JaxprEqn) -> Any:
    """The function that an equation calls with all its operands, if it is such a one."""
    for name in INNER:
        inner = equation.params.get(name)
        if isinstance(inner, Jaxpr | ClosedJaxpr):
            return inner
    return None


def _opened(inner: Any) -> tuple[Jaxpr, Sequence[Any]]:
    return (inner.jaxpr, inner.consts) if isinstance(inner, ClosedJaxpr) else (inner, ())


def _bound(equation: JaxprEqn, operands: Sequence[Any]) -> list[Any]:
    results = equation.primitive.bind(*operands, **equation.params)
    return list(results) if equation.primitive.multiple_results else [results]


def _scanned(
    params: dict[str, Any], operands: list[Any], digest: Digest
) -> tuple[list[Any], Digest]:
    constants, carried = params["num_consts"], params["num_carry"]
    fixed, begun = operands[:constants], operands[constants : constants + carried]
    jaxpr, consts = _opened(params["jaxpr"])

    def body(carry: tuple[Any, Digest], row: Any) -> tuple[tuple[Any, Digest], Any]:
        found, digest = _evaluated(jaxpr, consts, [*fixed, *carry[0], *row], carry[1])
        return (found[:carried], digest), found[carried:]

    (last, digest), rows = lax.scan(
        body,
        (begun, digest),
        operands[constants + carried :],
        length=params["length"],
        reverse=params["reverse"],
    )
    return [*last, *rows], digest


def _repeated(
    params: dict[str, Any], operands: list[Any], digest: Digest
) -> tuple[list[Any], Digest]:
    asked, done = params["cond_nconsts"], params["body_nconsts"]
    of_condition, of_body = operands[:asked], operands[asked : asked + done]
    condition, body = _opened(params["cond_jaxpr"]), _opened(params["body_jaxpr"])

    def goes_on(carry: tuple[Any, Digest]) -> Any:
        return _evaluated(*condition, [*of_condition, *carry[0]], carry[1])[0][0]

    def again(carry: tuple[Any, Digest]) -> tuple[Any, Digest]:
        return _evaluated(*body, [*of_body, *carry[0]], carry[1])

    # How often it goes round is a branch too: every round leaves its mark.
    def marked(carry: tuple[Any, Digest]) -> tuple[Any, Digest]:
        found, digest = again(carry)
        return found, _mixed(digest, jnp.ones((), bool))

    return lax.while_loop(goes_on, marked, (operands[asked + done :], digest))


def _chosen(
    branches: Sequence[Any], operands: list[Any], digest: Digest
) -> tuple[list[Any], Digest]:
    def branch(inner: Any) -> Callable[..., Any]:
        jaxpr, consts = _opened(inner)
        return lambda operands, digest: _evaluated(jaxpr, consts, operands, digest)

    return lax.switch(operands[0], [branch(one) for one in branches], operands[1:], digest)


def _decisions(
    equation: JaxprEqn, operands: Sequence[Any], results: Sequence[Any]
) -> Sequence[Any]:
    """What an equation makes of real numbers that is constant on a smooth piece."""
    real = [number for number, one in enumerate(operands) if _is_real(one)]
    name = equation.primitive.name
    if not real or name == "bitcast_convert_type":
        return ()
    if name in STEPS:
        return results
    if name in HINGES:
        return _slopes(equation, operands, real)
    return [one for one in results if not _is_real(one)]


def _slopes(equation: JaxprEqn, operands: Sequence[Any], real: list[int]) -> Sequence[Any]:
    def primitive(*given: Any) -> list[Any]:
        filled = list(operands)
        for number, value in zip(real, given, strict=True):
            filled[number] = value
        return [one for one in _bound(equation, filled) if _is_real(one)]

    results, pull = jax.vjp(primitive, *(operands[number] for number in real))
    # Different for each result, so that two that change places leave a mark.
    return pull(
        [1.0 + jnp.arange(one.size, dtype=one.dtype).reshape(one.shape) for one in results]
    )


def _is_real(value: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(value), jnp.floating)


def _mixed(digest: Digest, decision: Any) -> Digest:
    """A digest that another array has gone into, each of its numbers weighted by its place."""
    decision = jnp.asarray(decision)
    if _is_real(decision):
        # Adding 0 makes one of the two zeros.
        decision = lax.bitcast_convert_type(decision.astype(jnp.float64) + 0.0, jnp.uint64)
    numbers = decision.ravel().astype(jnp.uint64)
    places = (jnp.arange(numbers.size, dtype=jnp.uint64) + 1) * jnp.uint64(0x9E3779B97F4A7C15)
    places = (places ^ (places >> 29)) * jnp.uint64(0xBF58476D1CE4E5B9)
    places = (places ^ (places >> 32)) | jnp.uint64(1)
    total = jnp.sum(numbers * places) + jnp.uint64(1)
    return (digest ^ total) * jnp.uint64(0x94D049BB133111EB) + (total >> 31)
