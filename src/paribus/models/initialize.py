"""Initial weights, drawn from the replicate's stream "initialization", layer by layer.

Formulas: PyTorch's default for linear layers is uniform on +-1/sqrt(fan_in) for weights and
biases; Xavier: Glorot & Bengio 2010; He: https://arxiv.org/abs/1502.01852; LeCun: LeCun et al.,
Efficient BackProp, 1998. A weight's shape is (out, in, *kernel), its fan-in the product of all
but the first axis.
"""

import math
from typing import Any, Literal

import equinox as eqx
import numpy as np
from numpy.typing import DTypeLike, NDArray

from paribus import seeds
from paribus.models.base import Model, layers_of, skeleton
from paribus.spec import Spec

WeightScheme = Literal[
    "pytorch",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "xavier_normal",
    "xavier_uniform",
]


class Initialization(Spec):
    """How a network's weights and biases start."""

    weights: WeightScheme = "pytorch"
    biases: Literal["pytorch", "zeros"] = "pytorch"


def variance(scheme: WeightScheme, fan_in: int, fan_out: int) -> float:
    """The variance that a scheme gives to a layer's weights."""
    match scheme.partition("_")[0]:
        case "he":
            return 2 / fan_in
        case "lecun":
            return 1 / fan_in
        case "xavier":
            return 2 / (fan_in + fan_out)
    return 1 / (3 * fan_in)  # uniform on +-1/sqrt(fan_in)


def initialize(
    skeleton: Any, initialization: Initialization, replicate: int, dtype: DTypeLike
) -> Any:
    """The network with weights drawn, as host arrays: equal for equal shape, replicate and layer.

    `skeleton` is a network whose weights are shapes; everything else in it is kept.
    """
    layers = [layer for _, layer in layers_of(skeleton)]
    drawn: list[Any] = []
    for number, layer in enumerate(layers):
        drawn.append(_weights(initialization.weights, layer.weight.shape, replicate, number))
        if layer.bias is not None:
            drawn.append(_biases(initialization, layer, replicate, number))
    arrays = [values.astype(dtype) for values in drawn]
    return eqx.tree_at(_arrays_in_order, skeleton, arrays)


def initial_network(
    model: Model,
    shape: tuple[int, ...],
    outputs: int,
    *,
    initialization: Initialization,
    replicate: int,
    dtype: DTypeLike,
) -> Any:
    """The network of a declaration as a run starts from it: drawn by itself, or as is declared."""
    found = model.fresh(shape, outputs, replicate, dtype)
    if found is not None:
        return found
    return initialize(skeleton(model, shape, outputs), initialization, replicate, dtype)


def _arrays_in_order(network: Any) -> list[Any]:
    found = [(layer.weight, layer.bias) for _, layer in layers_of(network)]
    return [array for pair in found for array in pair if array is not None]


def _weights(
    scheme: WeightScheme, shape: tuple[int, ...], replicate: int, number: int
) -> NDArray[np.float64]:
    receptive = math.prod(shape[2:])
    scale = math.sqrt(variance(scheme, shape[1] * receptive, shape[0] * receptive))
    key = seeds.stream_key(replicate, "initialization", number, "weight")
    if scheme.endswith("normal"):
        return seeds.normal(key, shape) * scale
    return (2 * seeds.uniform(key, shape) - 1) * scale * math.sqrt(3)


def _biases(
    initialization: Initialization, layer: Any, replicate: int, number: int
) -> NDArray[np.float64]:
    shape = layer.bias.shape
    if initialization.biases == "zeros":
        return np.zeros(shape)
    key = seeds.stream_key(replicate, "initialization", number, "bias")
    bound = 1 / math.sqrt(math.prod(layer.weight.shape[1:]))
    return (2 * seeds.uniform(key, shape) - 1) * bound
