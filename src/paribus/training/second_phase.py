"""A second phase of training: from where the loss was minimized, its gradient is made to vanish.

A network whose loss no longer falls can be far from any stationary point; what is said of the
Hessian at one (how many of its eigenvalues are positive, say) needs the gradient to be small.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

import numpy as np
from jaxtyping import Float64
from pydantic import Field, Strict

from paribus.errors import Fault
from paribus.spec import Count, Spec
from paribus.training.landscape import Landscape, Vector
from paribus.training.norm_descent import (
    Bounds,
    EndedError,
    Reason,
    Walk,
    lbfgs,
    levenberg_marquardt,
)

MOST_PARAMETERS = 4_000
"""Parameters of which the Hessian is still decomposed: about a minute a step, and 0.5 GB."""

MethodName = Literal["lbfgs", "levenberg_marquardt"]
METHODS: Mapping[MethodName, Callable[[Walk], Reason]] = MappingProxyType(
    {"lbfgs": lbfgs, "levenberg_marquardt": levenberg_marquardt}
)

assert set(METHODS) == set(get_args(MethodName))


class GradientNormPhase(Spec):
    """Minimize the squared norm of the loss's gradient over all weights, in float64.

    It has converged when the norm is below `tolerance`, and ends there or after so many
    `iterations`, each of which lowers the norm. No step is taken to a loss above `loss_factor`
    times that at its start. `levenberg_marquardt` solves with the exact Hessian and needs few
    iterations; `lbfgs` is for networks whose Hessian is too large.
    """

    kind: Literal["gradient_norm"] = "gradient_norm"
    method: MethodName = "levenberg_marquardt"
    tolerance: Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)] = 1e-4
    iterations: Count = 200
    loss_factor: Annotated[float, Strict(), Field(ge=1, allow_inf_nan=False)] = 2.0

    def faults(self, parameters: int) -> list[Fault]:
        """What keeps the phase from being run on a network of so many parameters."""
        if self.method != "levenberg_marquardt" or parameters <= MOST_PARAMETERS:
            return []
        size = f"{8 * parameters**2 / 1e9:,.1f} GB"
        problem = (
            f"got 'levenberg_marquardt' for {parameters:,} parameters, whose Hessian has {size}; "
            f"at most {MOST_PARAMETERS:,} are allowed. 'lbfgs' does without it"
        )
        return [Fault("method", problem)]


@dataclass(frozen=True)
class Descent:
    """Where a second phase led, and its loss and gradient norm at the start and after each step.

    `why` is the reason why it ended: the norm is below the tolerance; iterations are used up; no
    step lowers the norm (within the bound on the loss, if "loss bound"); a number is not finite;
    or it was cancelled.
    """

    weights: Vector
    losses: Float64[np.ndarray, " points"]
    gradient_norms: Float64[np.ndarray, " points"]
    why: Reason

    @property
    def converged(self) -> bool:
        """Whether the gradient norm at the end is below the tolerance."""
        return self.why == "converged"

    @property
    def iterations(self) -> int:
        """How many steps were taken."""
        return len(self.losses) - 1


def minimize_gradient_norm(
    phase: GradientNormPhase,
    landscape: Landscape,
    given: Any,
    start: Vector,
    cancelled: Callable[[], bool] = lambda: False,
) -> Descent:
    """The descent of the gradient norm from these weights.

    `given` goes to the landscape's loss as it is. `cancelled` is asked between compiled calls.
    The result is a function of the other arguments alone.
    """
    first = landscape.at(np.asarray(start, np.float64), given)
    # So written, a loss below 0 may rise as well.
    highest = first.loss + (phase.loss_factor - 1) * abs(first.loss)
    bounds = Bounds(phase.tolerance, phase.iterations, highest)
    walk = Walk(landscape, given, bounds, cancelled)
    try:
        walk.take(first)
        why = METHODS[phase.method](walk)
    except EndedError as ended:
        why = ended.why
    return Descent(
        walk.here.weights,
        np.array(walk.losses),
        np.array(walk.gradient_norms),
        why,
    )
