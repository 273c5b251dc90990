"""Names of a network's arrays, where it holds numbers that are not trained."""

import equinox as eqx
import jax
import jax.numpy as jnp

from paribus.models.base import named_weights, with_weights
from paribus.models.mlp import MLP
from paribus.spec import fill_traced


def test_a_rate_that_is_an_array_is_not_among_the_weights():
    def names(rate):
        network = fill_traced(MLP(hidden=(4,), dropout=0.5), {"dropout": rate}).build((3,), 2)
        assert isinstance(network.dense.dropout.p, jax.core.Tracer)
        found.extend(named_weights(network))
        again = with_weights(network, dict.fromkeys(found, jnp.zeros(())))
        assert again.dense.dropout.p is network.dense.dropout.p
        return rate

    found = []
    eqx.filter_make_jaxpr(names)(jnp.asarray(0.25))
    assert found == ["1.weight", "1.bias", "2.weight", "2.bias"]
