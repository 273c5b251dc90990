"""The Hessian of the objective: its whole spectrum, or what products with vectors tell of it.

Always of the objective over `snapshot.train` by all weights and biases, in float64. Weight decay
is part of an update rule, not of the objective: the Hessian has nothing of it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float
from pydantic import Field, Strict, model_validator

from paribus.errors import DeclarationError, Fault
from paribus.models.base import Model, parameters_of
from paribus.probes import curvature
from paribus.probes.base import Probe, Quantities
from paribus.probes.when import AnyWhen, AtEnd
from paribus.snapshot import Snapshot
from paribus.spec import Count

TOLERANCES = tuple(10.0 ** (exponent / 2) for exponent in range(-20, -7))
"""Where the minimal ratio is measured: 1e-10 to 1e-4, two to a power of ten."""

MATRICES = 6
"""Hessians that fit into the memory which the eigenvalues of one take: measured 5.2 on CPUs."""

NUMBER = 8
"""Bytes of a number in float64."""

Gigabytes = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]


class HessianSpectrum(Probe):
    """Every eigenvalue of the Hessian, for small networks.

    - `hessian/eigenvalues`: in ascending order
    - `hessian/minimal_ratio`: the share of eigenvalues above `tolerance` times the largest
      absolute one; those between it and its negative count as zero
    - `hessian/minimal_ratio_over_tolerance`: the same for tolerances from 1e-10 to 1e-4
    - `hessian/gradient_norm`: the Euclidean norm of the same objective's gradient

    Refused for networks that would take more than `most_gigabytes` of memory, counted as six
    matrices of the Hessian's size.
    """

    QUANTITIES: ClassVar[Quantities] = {
        "hessian/eigenvalues": ("eigenvalue",),
        "hessian/minimal_ratio": (),
        "hessian/minimal_ratio_over_tolerance": ("tolerance",),
        "hessian/gradient_norm": (),
    }
    DOUBLE = True

    kind: Literal["hessian_spectrum"] = "hessian_spectrum"
    when: AnyWhen = AtEnd()
    tolerance: Annotated[float, Strict(), Field(ge=0, lt=1, allow_inf_nan=False)] = 1e-8
    most_gigabytes: Gigabytes = 2.0

    @property
    def coordinates(self) -> Mapping[str, Sequence[Any]]:
        return {"tolerance": TOLERANCES}

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        parameters = parameters_of(model, shape, outputs)
        matrix = NUMBER * parameters**2
        if MATRICES * matrix <= self.most_gigabytes * 1e9:
            return []
        most = int((self.most_gigabytes * 1e9 / (MATRICES * NUMBER)) ** 0.5)
        problem = (
            f"got {self.most_gigabytes:g}; the Hessian of {parameters:,} parameters takes "
            f"{_gigabytes(matrix)}, and {_gigabytes(MATRICES * matrix)} while its eigenvalues are "
            f"found; allowed here: {most:,} parameters; use LargestEigenvalues and HessianTrace, "
            "which hold no matrix, or raise most_gigabytes if there is the memory"
        )
        return [Fault("most_gigabytes", problem)]

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        eigenvalues = jnp.linalg.eigvalsh(curvature.hessian(snapshot, snapshot.train))
        largest = jnp.max(jnp.abs(eigenvalues))

        def ratio(tolerance: float) -> Float[Array, ""]:
            return jnp.mean(eigenvalues > tolerance * largest)

        return {
            "hessian/eigenvalues": eigenvalues,
            "hessian/minimal_ratio": ratio(self.tolerance),
            "hessian/minimal_ratio_over_tolerance": jnp.stack([ratio(at) for at in TOLERANCES]),
            "hessian/gradient_norm": jnp.linalg.norm(curvature.gradient(snapshot, snapshot.train)),
        }


class LargestEigenvalues(Probe):
    """The `count` largest eigenvalues of the Hessian and the smallest, by Lanczos' method.

    - `hessian/largest`: the largest eigenvalues found, in descending order; of a `count` of 1 a
      single number
    - `hessian/residual`: ||H v - lambda v|| of each, with its vector v of length 1: H has an
      eigenvalue no further than this from lambda
    - `hessian/smallest`, `hessian/smallest_residual`: the same of the other end

    A value found is never above the largest eigenvalue, and an eigenvalue that H has several
    times is found once, unless `iterations` is the number of parameters. The objective is that of
    at most `examples` training examples, evenly spaced among those measured. Holds a vector for
    each of the `iterations`: refused where they take more than `most_gigabytes`.
    """

    QUANTITIES: ClassVar[Quantities] = {
        "hessian/largest": ("rank",),
        "hessian/residual": ("rank",),
        "hessian/smallest": (),
        "hessian/smallest_residual": (),
    }
    DOUBLE = True

    kind: Literal["largest_eigenvalues"] = "largest_eigenvalues"
    when: AnyWhen = AtEnd()
    count: Count = 1
    iterations: Count = 60
    examples: Count = 10_000
    most_gigabytes: Gigabytes = 2.0

    @model_validator(mode="after")
    def _iterates_often_enough(self) -> "LargestEigenvalues":
        if self.iterations < self.count:
            problem = f"got {self.iterations}; should be at least count, which is {self.count}"
            raise DeclarationError("LargestEigenvalues", [Fault("iterations", problem)])
        return self

    @property
    def axes(self) -> Quantities:
        # A single one is a plain number, which tables and figures can show.
        single = {"hessian/largest": (), "hessian/residual": ()}
        return {**self.QUANTITIES, **single} if self.count == 1 else self.QUANTITIES

    @property
    def coordinates(self) -> Mapping[str, Sequence[Any]]:
        return {"rank": range(1, self.count + 1)} if self.count > 1 else {}

    def faults(self, model: Model, shape: tuple[int, ...], outputs: int) -> list[Fault]:
        parameters = parameters_of(model, shape, outputs)
        found = []
        if self.count > parameters:
            allowed = f"at most {parameters}, the number of the network's parameters"
            found.append(Fault("count", f"got {self.count}; should be {allowed}"))
        vectors = NUMBER * parameters * self.iterations
        if vectors > self.most_gigabytes * 1e9:
            problem = (
                f"got {self.most_gigabytes:g}; {self.iterations} iterations on {parameters:,} "
                f"parameters hold vectors of {_gigabytes(vectors)}; take fewer iterations, or "
                "raise most_gigabytes if there is the memory"
            )
            found.append(Fault("most_gigabytes", problem))
        return found

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        examples = curvature.spaced(snapshot.train, self.examples)
        times = curvature.product(snapshot, examples)
        size = curvature.parameters_of(snapshot)
        known = curvature.lanczos(times, size, self.iterations)
        values, vectors = known.pairs()
        ends = [*range(-1, -1 - self.count, -1), 0]

        def residual(index: Array) -> Float[Array, ""]:
            vector = vectors[:, index] @ known.basis
            return jnp.linalg.norm(times(vector) - values[index] * vector)

        chosen = values[jnp.asarray(ends)]
        residuals = lax.map(residual, jnp.asarray(ends))
        shape = (self.count,) if self.count > 1 else ()
        return {
            "hessian/largest": chosen[:-1].reshape(shape),
            "hessian/residual": residuals[:-1].reshape(shape),
            "hessian/smallest": chosen[-1],
            "hessian/smallest_residual": residuals[-1],
        }


class HessianTrace(Probe):
    """The trace of the Hessian, the sum of its eigenvalues, by Hutchinson's method.

    - `hessian/trace`: the mean of z^T H z over `samples` vectors z of random signs
    - `hessian/trace_error`: its standard error, the samples' deviation / sqrt(samples)

    The vectors are the same for all runs of a network. The objective is that of at most
    `examples` training examples, evenly spaced among those measured.
    """

    QUANTITIES: ClassVar[Quantities] = {"hessian/trace": (), "hessian/trace_error": ()}
    DOUBLE = True

    kind: Literal["hessian_trace"] = "hessian_trace"
    when: AnyWhen = AtEnd()
    samples: Annotated[int, Strict(), Field(ge=2)] = 100
    examples: Count = 10_000

    def measure(self, snapshot: Snapshot) -> Mapping[str, Float[Array, "..."]]:
        times = curvature.product(snapshot, curvature.spaced(snapshot.train, self.examples))
        forms = curvature.forms(times, curvature.parameters_of(snapshot), self.samples)
        error = jnp.std(forms, ddof=1) / jnp.sqrt(self.samples)
        return {"hessian/trace": jnp.mean(forms), "hessian/trace_error": error}


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
