"""A network, a loss, a penalty, an activation and probes as a user would write them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from paribus import data, models, optimizers
from paribus.data.base import Source
from paribus.training import Recipe
from paribus.training.lane import Lane
from paribus.training.loop import train_run
from paribus.training.platform import devices
from paribus.training.task import Task

DEVICES = devices()

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(60, 3)).astype(np.float32)
CLASSES = (INPUTS[:, 0] > INPUTS[:, 1]).astype(np.int64)
NUMBERS = (INPUTS[:, 0] * INPUTS[:, 1]).astype(np.float32)


class Gated(eqx.Module):
    """Layers with weights, and arrays beside them, deep inside too."""

    layers: list
    gates: dict
    shift: jax.Array
    dropout: eqx.nn.Dropout

    def __init__(self, shape, outputs, *, key, width=4, rate=0.0):
        first, second, third = jax.random.split(key, 3)
        linear = eqx.nn.Linear
        self.layers = [linear(shape[0], width, key=first), linear(width, outputs, key=second)]
        self.gates = {"input": jax.random.normal(third, shape)}
        self.shift = jnp.zeros(outputs)
        self.dropout = eqx.nn.Dropout(rate)

    def __call__(self, x, *, key=None):
        hidden = jnp.tanh(self.layers[0](x * self.gates["input"]))
        return self.layers[1](self.dropout(hidden, key=key)) + self.shift


def entropy(outputs, target):
    return -jax.nn.log_softmax(outputs)[target]


def squares(weights):
    return sum(jnp.sum(array**2) for name, array in weights.items() if name.endswith("weight"))


def bent(x):
    return jnp.where(x > 0, x, 0.0)


def margin(network, inputs, targets):
    outputs = jax.vmap(network)(inputs)
    return jnp.mean(jnp.max(outputs, axis=1) - jnp.min(outputs, axis=1))


def largest(network, inputs, targets):
    return {name: jnp.max(jnp.abs(layer.weight)) for name, layer in models.layers_of(network)}


def arrays(targets=CLASSES, **fields):
    """Forty examples to train on, and twenty to test on."""
    split = slice(0, 40), slice(40, 60)
    train, test = ((INPUTS[part], targets[part]) for part in split)
    return data.Arrays(train=train, test=test, **fields)


def recipe(**fields):
    """A small network of one's own on small data of one's own: two steps an epoch."""
    given = {
        "data": arrays(),
        "model": models.Own(network=Gated),
        "optimizer": optimizers.SGD(learning_rate=0.5),
        "batch_size": 20,
        "epochs": 2,
    }
    return Recipe(**(given | fields))


def trained(recipe, replicate=0, **task):
    """The recipe's run."""
    dataset = recipe.data.load(Source())
    return train_run(Task(recipe, replicate, dataset, **task), Lane(DEVICES[0]))


def measured(run, name):
    """What was measured of a finished run, under one name."""
    (found,) = (one for one in run.history.measurements(["1", "2"]) if one.name == name)
    return found
