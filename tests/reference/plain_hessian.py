"""The Hessian of a run's objective as one derivative of another, over all examples at once."""

from typing import ClassVar, Literal

import equinox as eqx
import jax
from jax.flatten_util import ravel_pytree

from paribus.models.base import layers_of
from paribus.probes.base import Probe, Quantities
from paribus.probes.when import AnyWhen, AtEnd


class PlainHessian(Probe):
    """`plain/hessian`: by all weights and biases, reverse over reverse differentiation."""

    QUANTITIES: ClassVar[Quantities] = {"plain/hessian": ("row", "column")}
    DOUBLE = True

    kind: Literal["plain_hessian"] = "plain_hessian"
    when: AnyWhen = AtEnd()

    def measure(self, snapshot):
        row, parts = ravel_pytree(_parts(snapshot.network))

        def objective(row):
            network = eqx.tree_at(_parts, snapshot.network, parts(row))
            return snapshot.objective(network, snapshot.train)

        return {"plain/hessian": jax.jacrev(jax.grad(objective))(row)}


def _parts(network):
    return [part for _, layer in layers_of(network) for part in (layer.weight, layer.bias)]
