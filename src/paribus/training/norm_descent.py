"""Ways down the squared gradient norm, from the weights that a network was trained to.

The squared norm has stationary points that are none of the loss: the gradient g is not 0 there,
but the Hessian H sends it to 0 (https://arxiv.org/abs/2003.10397). No descent of the norm leaves
them, so a method ends with the reason why it went no further. A relu network's gradient jumps
where a unit's input changes sign, and a step that H foretells may fail: so steps of many lengths
are tried, and one is taken only if the norm is found to be lower there.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from paribus.training.landscape import Landscape, Matrix, Point, Vector

Reason = Literal["converged", "iterations", "loss bound", "no progress", "not finite", "cancelled"]

DAMPING = 10.0 ** np.arange(-20, 3)
"""Damping tried in every step of Levenberg-Marquardt, in squares of the largest eigenvalue."""

MEMORY = 20
"""Steps that L-BFGS remembers the curvature of."""

LEAST_PROGRESS = 1e-3
"""L-BFGS is begun again, its memory empty, as long as that lowers the norm by this share."""

UNLIMITED = 2**31 - 1


class EndedError(Exception):
    """A descent is at its end; no failure, but the way out of another library's loop."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why)
        self.why: Reason = why


class Bounds(NamedTuple):
    """Where a descent ends: at this gradient norm, after so many steps, below this loss."""

    gradient_norm: float
    iterations: int
    loss: float


class Walk:
    """A descent on its way: where it is, and loss and gradient norm of every point that it took.

    Every method that computes raises `EndedError` at the end of the walk.
    """

    here: Point

    def __init__(
        self, landscape: Landscape, given: Any, bounds: Bounds, cancelled: Callable[[], bool]
    ) -> None:
        self.bounds = bounds
        self.losses: list[float] = []
        self.gradient_norms: list[float] = []
        self._landscape = landscape
        self._given = given
        self._cancelled = cancelled

    def look(self, weights: Vector) -> Point:
        """Loss and gradient at these weights."""
        self._end_if_cancelled()
        return self._landscape.at(weights, self._given)

    def take(self, point: Point) -> None:
        """Goes to a point; the first is the start."""
        self.here = point
        self.losses.append(point.loss)
        self.gradient_norms.append(point.gradient_norm)
        if not np.isfinite(point.gradient_norm):
            raise EndedError("not finite")
        if point.gradient_norm < self.bounds.gradient_norm:
            raise EndedError("converged")
        if len(self.losses) > self.bounds.iterations:
            raise EndedError("iterations")

    def pull(self, weights: Vector) -> tuple[float, Vector]:
        """Half of the squared gradient norm at these weights, and its gradient."""
        self._end_if_cancelled()
        return self._landscape.pull(weights, self._given)

    def hessian(self) -> Matrix:
        """The exact Hessian here."""
        rows = []
        for some in self._landscape.hessian_rows(self.here.weights, self._given):
            self._end_if_cancelled()
            rows.append(some)
        hessian = np.concatenate(rows)
        if not np.all(np.isfinite(hessian)):
            raise EndedError("not finite")
        return hessian

    def _end_if_cancelled(self) -> None:
        if self._cancelled():
            raise EndedError("cancelled")


def levenberg_marquardt(walk: Walk) -> Reason:
    """Walks by damped Newton steps for g = 0; gives the reason why it stopped by itself.

    A step d solves (H H + c I) d = -H g. Of the damping factors c in `DAMPING` that one is used
    whose gradient norm, as found, is the lowest: the steps all come from one decomposition of H,
    which takes far longer than to look where they lead.
    """
    while True:
        here = walk.here
        tried = [walk.look(here.weights + step) for step in _steps(walk.hessian(), here.gradient)]
        lower = [point for point in tried if point.gradient_norm < here.gradient_norm]
        allowed = [point for point in lower if point.loss <= walk.bounds.loss]
        if not allowed:
            return "loss bound" if lower else "no progress"
        walk.take(min(allowed, key=lambda point: point.gradient_norm))


def _steps(hessian: Matrix, gradient: Vector) -> Iterator[Vector]:
    values, vectors = np.linalg.eigh(hessian)
    largest = np.max(np.abs(values))
    if largest == 0:
        return
    scaled = values / largest
    along = vectors.T @ gradient / largest
    for damping in DAMPING:
        yield vectors @ (-scaled * along / (scaled**2 + damping))


def lbfgs(walk: Walk) -> Reason:
    """Walks by SciPy's L-BFGS on g g / 2, whose gradient is H g; gives why it stopped by itself.

    A line search that fails at a kink is no end: what L-BFGS remembers of the other side is
    forgotten, as long as that helps.
    """

    # Here, since every command would wait for it: it takes a tenth of a second to load.
    from scipy import optimize  # noqa: PLC0415

    def take(intermediate_result: optimize.OptimizeResult) -> None:  # SciPy goes by the name
        point = walk.look(np.array(intermediate_result.x))
        if point.loss > walk.bounds.loss:
            raise EndedError("loss bound")
        if point.gradient_norm < walk.here.gradient_norm:
            walk.take(point)

    options = {"maxcor": MEMORY, "ftol": 0, "gtol": 0, "maxiter": UNLIMITED, "maxfun": UNLIMITED}
    while True:
        before = walk.here.gradient_norm
        optimize.minimize(
            walk.pull,
            walk.here.weights,
            jac=True,
            method="L-BFGS-B",
            callback=take,
            options=options,
        )
        if walk.here.gradient_norm > (1 - LEAST_PROGRESS) * before:
            return "no progress"
