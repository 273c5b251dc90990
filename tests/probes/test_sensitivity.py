import jax
import jax.numpy as jnp
import numpy as np
import pytest

from paribus.models import CNN, Convolution, Initialization, Pool
from paribus.models.base import skeleton
from paribus.models.initialize import initialize
from paribus.objectives.losses import cross_entropy
from paribus.probes import AtEnd, Sensitivity
from paribus.snapshot import Examples, Snapshot


def losses(network, examples):
    return jax.vmap(cross_entropy)(network.batch(examples.inputs), examples.targets)


def test_of_a_convolutional_network_it_is_that_of_each_example_alone():
    """More test examples than one chunk holds, and fewer training examples."""
    model = CNN(convolutions=(Convolution(channels=3, kernel=3, pool=Pool()),), hidden=(8,))
    empty = skeleton(model, (6, 6, 2), 4)
    network = initialize(empty, Initialization(), 0, np.float32)
    draw = np.random.default_rng(0)
    inputs = jnp.asarray(draw.normal(size=(131, 6, 6, 2)), jnp.float32)
    test = Examples(inputs, jnp.asarray(draw.integers(0, 4, 131)))
    train = Examples(test.inputs[:5], test.targets[:5])
    snapshot = Snapshot(*[None] * len(Snapshot._fields))._replace(
        network=network, train=train, test=test, losses=losses
    )
    alone = jax.jit(jax.grad(lambda x, target: cross_entropy(network(x), target)))
    norms = [np.linalg.norm(alone(*one)) for one in zip(*test, strict=True)]
    found = Sensitivity().measure(snapshot)
    assert float(found["sensitivity/test"]) == pytest.approx(np.mean(norms), rel=1e-5)
    assert float(found["sensitivity/train"]) == pytest.approx(np.mean(norms[:5]), rel=1e-5)


def test_it_is_measured_at_the_end_unless_asked_otherwise():
    assert Sensitivity().when == AtEnd()
    assert Sensitivity().at_end
