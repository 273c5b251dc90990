"""Derivatives by central differences, in float64, that never reach across a kink.

The difference is that of fourth order (Fornberg 1988, table 1),

    n = (8 (L(w + h) - L(w - h)) - (L(w + 2h) - L(w - 2h))) / (12 h),

whose error is h^4 / 30 of the fifth derivative, and rounding of about noise / h. The best step is
near the fifth root of the machine's precision, 2^-10. A coordinate gets the largest of five steps
2^-10, 2^-13, ... 2^-22 (times |w| where that is above 1) between whose ends lies no kink
(`probes/branches.py`) and that agrees with the next smaller one up to rounding. The noise of the
loss is measured as Moré & Wild 2011 do, from fourth differences of points 10^-12 apart.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import NDArray

from paribus import seeds
from paribus.probes.branches import with_branches

STEPS = tuple(2.0**-power for power in (10, 13, 16, 19, 22))
MEMORY = 2**24
"""Numbers computed at once, about."""
SIDE_BY_SIDE = 20_000
"""Of networks of so many parameters, or fewer, several points are computed at once."""


class Slopes(NamedTuple):
    """Derivatives of some coordinates, NaN where a kink is near, and their errors by rounding."""

    values: NDArray[np.float64]
    rounding: NDArray[np.float64]


def numerical_slopes(
    loss: Callable[[Any], Float[Array, ""]],
    flat: Float[Array, " parameters"],
    places: NDArray[np.int64],
) -> Slopes:
    """The derivatives of a loss by the coordinates at these places of a flat vector."""
    followed, size = with_branches(loss, flat)
    chunk = max(1, min(64, len(places), MEMORY // (4 * size + 1)))
    noise = _noise(loss, flat)
    at = partial(_quotients, jax.jit(partial(_ends, followed)), flat, chunk)
    slopes, sharpness = np.full(len(places), np.nan), np.full(len(places), np.nan)
    scale = np.maximum(1.0, np.abs(np.asarray(flat)[places]))
    pending, before = np.arange(len(places)), None
    for step in STEPS:
        if not len(pending):
            break
        now = at(places[pending], step * scale[pending])
        if before is not None:
            # Both within rounding of each other: the larger step, taken before, stands.
            agrees = np.abs(before - now) <= 4 * noise / (step * scale[pending])
            pending, now = pending[~agrees], now[~agrees]
        clean = np.isfinite(now)
        slopes[pending[clean]] = now[clean]
        sharpness[pending[clean]] = (noise / (step * scale[pending]))[clean]
        before = now
    return Slopes(slopes, sharpness)


def _ends(followed: Callable[[Any], Any], flat: Any, place: Any, step: Any) -> tuple[Any, Any]:
    """Losses and branches at -2, -1, 1 and 2 steps from the weights, for each coordinate."""

    def at(moved: tuple[Any, Any, Any]) -> Any:
        place, step, times = moved
        return followed(flat.at[place].add(times * step))

    times = jnp.tile(jnp.array([-2.0, -1.0, 1.0, 2.0]), len(place))
    moved = (jnp.repeat(place, 4), jnp.repeat(step, 4), times)
    # All weights of a large network, once for each point, would not stay in the cache.
    found = jax.vmap(at)(moved) if len(flat) <= SIDE_BY_SIDE else lax.map(at, moved)
    return jax.tree.map(lambda values: values.reshape(-1, 4), found)


def _quotients(
    ends: Callable[..., Any],
    flat: Any,
    chunk: int,
    places: NDArray[np.int64],
    steps: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Derivatives of these coordinates, NaN where not all four ends lie on one smooth piece."""
    found = []
    for first in range(0, len(places), chunk):
        here, step = places[first : first + chunk], steps[first : first + chunk]
        filled = np.resize(here, chunk), np.resize(step, chunk)
        values, branches = (np.asarray(one)[: len(here)] for one in ends(flat, *filled))
        slopes = (8 * (values[:, 2] - values[:, 1]) - (values[:, 3] - values[:, 0])) / (12 * step)
        smooth = (branches == branches[:, :1]).all(axis=1)
        found.append(np.where(smooth, slopes, np.nan))
    return np.concatenate(found)


def _noise(loss: Callable[[Any], Float[Array, ""]], flat: Float[Array, " parameters"]) -> float:
    """The standard deviation of the loss's rounding, at least half a unit in its last place."""
    order, points = 4, 24
    direction = 2 * seeds.uniform(seeds.stream_key(0, "gradient check", "noise"), flat.shape) - 1
    compiled = jax.jit(loss)
    spacing = 2.0**-40 * direction * np.maximum(1.0, np.abs(flat))
    values = np.array([float(compiled(flat + times * spacing)) for times in range(points)])
    differences = np.diff(values, order)
    # (order!)^2 / (2 order)!: what independent errors add up to in such a difference.
    found = float(np.sqrt(np.mean(differences**2) / 70))
    return max(found, 0.5 * float(np.spacing(np.abs(values[0]))))
