"""JAX by hand: one compiled `lax.scan` over all steps, with Optax; over several models, `vmap`."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from peers.job import read_job, report
from workloads import MOMENTUM, WEIGHT_DECAY, Workload

LENET = ((5, 5, 3, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10))
"""The shapes of LeNet's weights."""


def initial(key: Array, workload: Workload) -> list[dict[str, Array]]:
    """Weights and biases by layer, uniform as in PyTorch."""
    widths = workload.widths
    shapes = tuple(itertools.pairwise(widths)) or LENET
    layers = []
    for shape, own in zip(shapes, jax.random.split(key, len(shapes)), strict=True):
        bound = float(np.prod(shape[:-1])) ** -0.5
        weight, bias = jax.random.split(own)
        layers.append(
            {
                "weight": jax.random.uniform(weight, shape, minval=-bound, maxval=bound),
                "bias": jax.random.uniform(bias, shape[-1:], minval=-bound, maxval=bound),
            }
        )
    return layers


def convolution(layer: dict[str, Array], images: Array) -> Array:
    axes = ("NHWC", "HWIO", "NHWC")
    out = lax.conv_general_dilated(
        images, layer["weight"], (1, 1), "VALID", dimension_numbers=axes
    )
    out = jax.nn.relu(out + layer["bias"])
    return lax.reduce_window(out, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def outputs(layers: list[dict[str, Array]], batch: Array) -> Array:
    """Logits; layers with four axes of weights are convolutions, with pooling."""
    for layer in layers[:-1]:
        if layer["weight"].ndim == 4:
            batch = convolution(layer, batch)
        else:
            batch = batch.reshape(len(batch), -1)
            batch = jax.nn.relu(batch @ layer["weight"] + layer["bias"])
    return batch @ layers[-1]["weight"] + layers[-1]["bias"]


def optimizer(workload: Workload) -> optax.GradientTransformation:
    rate = workload.learning_rate
    match workload.optimizer:
        case "sgd":
            return optax.sgd(rate, momentum=MOMENTUM)
        case "adam":
            return optax.adam(rate)
        case "adamw":
            return optax.adamw(rate, weight_decay=WEIGHT_DECAY)


def main() -> None:
    job = read_job()
    rule = optimizer(job.workload)

    def train(key: Array, order: Array, inputs: Array, labels: Array) -> tuple[Any, Array]:
        """One model's trained weights and the loss of every step."""

        def loss_of(layers: list[dict[str, Array]], chosen: Array) -> Array:
            logits = outputs(layers, inputs[chosen])
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels[chosen])
            return losses.mean()

        def step(state: tuple[Any, Any], chosen: Array) -> tuple[tuple[Any, Any], Array]:
            layers, moments = state
            loss, gradient = jax.value_and_grad(loss_of)(layers, chosen)
            change, moments = rule.update(gradient, moments, layers)
            return (optax.apply_updates(layers, change), moments), loss

        layers = initial(key, job.workload)
        (layers, _), losses = lax.scan(step, (layers, rule.init(layers)), order)
        return layers, losses

    inputs, labels = jnp.asarray(job.inputs()), jnp.asarray(job.labels, jnp.int32)
    if job.models == 1:
        _, losses = jax.jit(train)(jax.random.key(0), job.order(), inputs, labels)
    else:
        keys = jax.random.split(jax.random.key(0), job.models)
        orders = np.stack([job.order(seed) for seed in range(job.models)])
        over_models = jax.vmap(train, in_axes=(0, 0, None, None))
        _, losses = jax.jit(over_models)(keys, orders, inputs, labels)
    report(float(losses[..., -1].mean()))


if __name__ == "__main__":
    main()
