"""The work of a network that is known by its trace alone: its multiplications, counted."""

import math
from collections.abc import Iterator
from typing import Any


def multiplications_of(traced: Any) -> int:
    """How many multiplications a `jax.extend.core.Jaxpr` takes.

    Products of matrices and convolutions by their sums, element-wise products one each; the body
    of a `scan` as often as it runs, that of a `while_loop` once, the dearest branch of a `cond`.
    """
    return sum(_of(equation) for equation in traced.eqns)


def _of(equation: Any) -> int:
    shapes: list[tuple[int, ...]] = [getattr(one.aval, "shape", ()) for one in equation.invars]
    result = math.prod(getattr(equation.outvars[0].aval, "shape", ())) if equation.outvars else 0
    parameters = equation.params
    match equation.primitive.name:
        case "dot_general":
            (summed, _), _ = parameters["dimension_numbers"]
            return result * math.prod(shapes[0][axis] for axis in summed)
        case "conv_general_dilated":
            outputs = shapes[1][parameters["dimension_numbers"].rhs_spec[0]]
            return result * math.prod(shapes[1]) // max(1, outputs)
        case "mul" | "div" | "integer_pow":
            return result
        case "scan":
            return parameters["length"] * multiplications_of(parameters["jaxpr"].jaxpr)
        case "cond":
            return max(multiplications_of(branch.jaxpr) for branch in parameters["branches"])
    return sum(multiplications_of(inner) for inner in _inside(parameters))


def _inside(parameters: Any) -> Iterator[Any]:
    """The traces that an operation is made of: of a compiled or differentiated function."""
    for value in parameters.values():
        traced = getattr(value, "jaxpr", value)
        if hasattr(traced, "eqns"):
            yield traced
